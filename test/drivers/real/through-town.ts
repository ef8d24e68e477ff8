/**
 * A runtime as the agent of a real town: the program of the command line, a repository, a bead, a driven run, and the
 * merge. The town may be killed with -9 in the middle; the run goes on, and the next life of the town takes it up.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeRepository } from '../../fixtures/repository.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { GOOD_KEY, MODEL, type Reply } from '../../gateway/replies.ts';
import { type ProfileParts, profileOf, type RUNTIMES } from './runtimes.ts';

type Runtime = (typeof RUNTIMES)[number];

export type TownCase = {
  readonly name: string;
  readonly replies: readonly Reply[];
  /** The state in which the bead must come to rest. */
  readonly rests: RegExp;
  readonly key?: string;
  readonly killTown?: true;
};

const commit: Reply = { kind: 'run', command: 'echo made > made.txt && git add made.txt && git commit -qm "Make it"' };
const done: Reply = { kind: 'tool', name: 'done', input: { summary: 'It is made.' } };
const bye: Reply = { kind: 'say', text: 'It is made.' };

export const TOWN_CASES: readonly TownCase[] = [
  { name: 'bead to merge', replies: [commit, done, bye], rests: /^closed\.merged$/ },
  {
    name: 'town killed',
    replies: [{ kind: 'run', command: 'sleep 6' }, commit, done, bye],
    rests: /^closed\.merged$/,
    killTown: true,
  },
  { name: 'wrong key', replies: [bye], key: 'sk-wrong-0123456789', rests: /^(failed\.permanent|open\.blockedConfig)$/ },
];

const CLI = fileURLToPath(new URL('../../../dist/src/cli.js', import.meta.url));
const DEADLINE_MS = 180_000;
const LOOK_MS = 250;

type Trial = { readonly runtime: Runtime; readonly program: string; readonly gateway: Gateway };

/** Null when it came out as it must; else what did not. */
export async function throughTown({ runtime, program, gateway }: Trial, each: TownCase): Promise<string | null> {
  const root = mkdtempSync(join(tmpdir(), 'yardmaster-town-'));
  const repository = join(root, 'repository');
  makeRepository(repository);
  const script = `town-${runtime.name}-${each.name}`.replaceAll(/\W+/g, '-');
  const key = each.key ?? GOOD_KEY;
  const url = gateway.play(script, each.replies);
  const parts: ProfileParts = { url, key, model: MODEL, permissions: 'allow' };
  const life = { root, repository, agent: agentOf(runtime, program, parts), key };
  let town = await openTown(life);
  try {
    await call(town, 'POST', '/beads', { id: 'b1', title: 'Make it', body: 'Make the file made.txt and commit it.' });
    if (each.killTown) {
      await gateway.reached(script, 1);
      town.process.kill('SIGKILL');
      // Agents know the town by its address: it comes back where it was.
      town = await openTown(life, new URL(town.url).port);
    }
    return await rest(town, repository, each);
  } finally {
    town.process.kill('SIGTERM');
    await new Promise((resolve) => town.process.on('close', resolve));
    sweep(root);
    rmSync(root, { recursive: true, force: true });
  }
}

type Agent = { readonly command: string; readonly environment: Readonly<Record<string, string>> };

/** The command of the rig, in the words of `yardmaster drive`. */
function agentOf(runtime: Runtime, program: string, parts: ProfileParts): Agent {
  const profile = profileOf(runtime, program, parts);
  const words = [process.execPath, CLI, 'drive', runtime.driver, '--program', `'${profile.program.join(' ')}'`];
  if (profile.gateway) words.push('--gateway', `${profile.gateway.api}=${profile.gateway.url}`);
  if (profile.model) words.push('--model', profile.model);
  words.push('--retries', '1');
  return { command: words.join(' '), environment: profile.environment };
}

type Life = { readonly root: string; readonly repository: string; readonly agent: Agent; readonly key: string };
type Town = { readonly process: ChildProcess; readonly url: string; readonly token: string };

async function openTown({ root, repository, agent, key }: Life, port = '0'): Promise<Town> {
  const data = join(root, 'data');
  const words = ['up', '--data', data, '--port', port, '--repo', repository, '--agents', '1', '--agent', agent.command];
  words.push('--secret', 'GATEWAY_KEY=env:GATEWAY_KEY', '--set', 'runsMax=1');
  for (const [name, value] of Object.entries(agent.environment)) words.push('--env', `${name}=${value}`);
  const env = { PATH: process.env.PATH ?? '', HOME: root, GATEWAY_KEY: key };
  const child = spawn(process.execPath, [CLI, ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      said += text;
      const found = /is at (\S+)/.exec(said)?.[1];
      if (found) resolve(found);
    });
    child.on('close', () => reject(new Error(`the town ended before it was open: ${said}`)));
  });
  return { process: child, url, token: readFileSync(join(data, 'operator.token'), 'utf8').trim() };
}

async function call({ url, token }: Town, method: string, path: string, body?: object): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return (await answer.json()) as Answer;
}

type Answer = {
  readonly substate: string;
  readonly attempts: readonly { readonly outcome: string | null; readonly reason: string | null }[];
};

/** Waits until the bead has come to its end, and compares it with what it must be. */
async function rest(town: Town, repository: string, each: TownCase): Promise<string | null> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const { substate, attempts } = await call(town, 'GET', '/beads/b1');
    const told = `${substate}, after ${attempts.map(({ outcome, reason }) => `${outcome} (${reason})`).join(', ')}`;
    const isOver = /^(closed|failed)\.|^open\.blockedConfig$/.test(substate);
    if (!isOver && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      continue;
    }
    if (!each.rests.test(substate)) return told;
    if (attempts.length > 1) return `it took ${attempts.length} attempts: ${told}`;
    const merged = execFileSync('git', ['-C', repository, 'log', '--format=%s', 'main']).toString();
    return substate === 'closed.merged' && !merged.includes('Make it') ? 'closed, but not in the branch' : null;
  }
}

/** Nothing of a trial may live on; what does is ended and was found by the folder in its environment. */
function sweep(root: string): void {
  try {
    execFileSync('pkill', ['-KILL', '-f', root]);
  } catch {
    // There was nothing left.
  }
}
