/** A town in this process, runners in processes of their own, and an agent that waits at a gate. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { PolicyPatch } from '../../machines/policy.ts';
import { type ProcessIdentity, signalAll } from '../../src/agents/processes.ts';
import { serveTown } from '../../src/http/serve.ts';
import type { Town } from '../../src/town/api.ts';
import { loadCapabilities } from '../../src/town/capability.ts';
import { createTown } from '../../src/town/town.ts';
import { env } from '../agents/workshop.ts';
import { MemoryWriter } from '../cli/shell.ts';
import { type Workshop, workshop } from '../cli/workshop.ts';
import { stateOf, untilWithin } from '../fixtures/town.ts';

const FAST: PolicyPatch = {
  ...{ heartbeatMs: 200, leaseMs: 1_500, probeMs: 200, suspectMs: 1_000, healthMs: 300, healthSuspectMs: 100 },
  ...{ backoffMs: [100], jitter: 0, recycleMs: 50, graceMs: 300, containerBackoffMs: 200 },
};
const PATIENCE = { pollMs: 2_000, lostMs: 400 };

export type RunnerProcess = {
  readonly child: ChildProcess;
  readonly out: MemoryWriter;
  readonly directory: string;
  /** Resolves with the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** As if its machine went away: the process and all of its runs, at once. */
  vanish(): Promise<void>;
};

export type Yard = Workshop & {
  readonly town: Town;
  readonly url: string;
  /** A bead whose agent waits until its gate is opened. */
  bead(id: string): Promise<void>;
  open(id: string): void;
  runner(id: string, ...words: readonly string[]): Promise<RunnerProcess>;
  /** Resolves when it holds after some commit. */
  until(what: string, holds: () => boolean): Promise<void>;
  state(ref: string): string;
};

const DEADLINE_MS = 25_000;
const until = untilWithin(DEADLINE_MS);

/** `program`: the file of the command line. */
export async function yard(program: string): Promise<Yard> {
  const place = workshop();
  const environment = { PATH: process.env.PATH };
  const town = await createTown({
    ...{ directory: place.data, env, environment, policy: FAST, local: false, awaitApi: true },
    rigs: {
      shop: {
        ...{ path: place.repository, branch: 'main', argv: ['./agent.sh'], promptBy: 'stdin', test: [], merge: true },
        ...{ env: { GATE: place.gate }, secrets: {}, isolation: 'off' },
      },
    },
    agents: ['p1', 'p2'].map((id) => ({ id, rig: 'shop' })),
  });
  onTestFinished(() => town[Symbol.asyncDispose]());
  const options = { operatorToken: 'o'.repeat(43), env, version: 'test', environment, patience: PATIENCE };
  const served = await serveTown(town, { ...options, port: 0 });
  onTestFinished(() => served.close());
  const { url } = served;
  return {
    ...{ ...place, town, url },
    bead: async (id) => {
      writeFileSync(join(place.gate, id), '');
      await town.createBeads([{ id, title: id }]);
    },
    open: (id) => rmSync(join(place.gate, id)),
    runner: (id, ...words) => startRunnerProcess(program, { ...place, url, id }, words),
    until: (what, holds) => until(town, what, holds),
    state: (ref) => stateOf(town, ref),
  };
}

type At = { readonly data: string; readonly root: string; readonly url: string; readonly id: string };

/** `yardmaster runner`, when it has registered. */
export async function startRunnerProcess(program: string, at: At, more: readonly string[]): Promise<RunnerProcess> {
  const { data, root, url, id } = at;
  const directory = join(root, `runner-${id}`);
  const token = loadCapabilities(join(data, 'town.key')).runnerToken(id);
  const words = [program, 'runner', '--town', url, '--id', id, '--slots', '1', '--dir', directory, ...more];
  const child = spawn(process.execPath, words, {
    env: { PATH: process.env.PATH, HOME: root, LANG: 'C.UTF-8', YARDMASTER_RUNNER_TOKEN: token },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const out = new MemoryWriter();
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.write(text));
  const end = async (signal: NodeJS.Signals) => {
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await exited)[0];
  };
  const vanish = async () => {
    if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
    signalAll(processesIn(directory), 'SIGKILL');
  };
  onTestFinished(vanish);
  await out.has(/^registered as runner/m);
  return { child, out, directory, end, vanish };
}

/** Supervisors and agents of all runs that a runner has kept. */
function processesIn(directory: string): readonly ProcessIdentity[] {
  const runs = join(directory, 'private', 'container', 'runs');
  if (!existsSync(runs)) return [];
  const read = (run: string, name: string) => {
    const file = join(runs, run, name);
    return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity] : [];
  };
  return readdirSync(runs).flatMap((run) => [...read(run, 'supervisor.json'), ...read(run, 'agent.json')]);
}
