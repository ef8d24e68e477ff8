/**
 * A town in the middle of a day, served as `yardmaster up` serves it: its past was played on a virtual clock, then it
 * was opened again in real time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunSpec } from '../../../src/agents/port.ts';
import { coerceError } from '../../../src/core/errors.ts';
import { createSimulatedEnv, type SimulatedEnv } from '../../../src/env/simulated.ts';
import { createSystemEnv } from '../../../src/env/system.ts';
import { inspectorLink } from '../../../src/http/inspector.ts';
import { type Served, serveTown } from '../../../src/http/serve.ts';
import type { Town } from '../../../src/town/api.ts';
import { createTown } from '../../../src/town/town.ts';
import { MINUTE } from '../../town/world.ts';
import type { Place } from '../visit.ts';
import { StagedContainer, StagedIntegrator } from './hands.ts';
import { agents, backlog, parts, policy, rigs, STORY_MINUTES } from './story.ts';

const OPERATOR = 'o'.repeat(43);
const LIVE_BEAT_MS = 4_000;
const CLOSING_MS = 15_000;

export type ServedTown = AsyncDisposable &
  Place & {
    readonly town: Town;
    /** Away for as long as the caller likes, then back at the same address. */
    stopServing(): Promise<void>;
    serveAgain(): Promise<void>;
  };

/** `directory`: that of a town that is there, or of a new one. */
export async function serve(town: Town, directory: string, close: () => Promise<void>): Promise<ServedTown> {
  const env = createSystemEnv({ log: () => undefined });
  const options = { operatorToken: OPERATOR, env, version: 'test', rate: { perSecond: 10_000, burst: 10_000 } };
  let served: Served | null = await serveTown(town, { ...options, port: 0 });
  const { url } = served;
  const stopServing = async () => {
    await served?.close();
    served = null;
  };
  return {
    ...{ town, url, link: inspectorLink(url, options), stopServing },
    async serveAgain() {
      served = await serveTown(town, { ...options, port: Number(new URL(url).port) });
    },
    async [Symbol.asyncDispose]() {
      await stopServing();
      await close();
      await town[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export async function stagedTown(): Promise<ServedTown> {
  const directory = mkdtempSync(join(tmpdir(), 'yardmaster-staged-'));
  const past = createSimulatedEnv({ seed: 4, startAt: Date.now() - STORY_MINUTES * MINUTE });
  const container = new StagedContainer(past, parts);
  const integrator = new StagedIntegrator(parts);
  const shared = { directory, name: 'Harbour Shop', policy, rigs, agents, container, integrator };
  await play(past, container, await past.until(createTown({ ...shared, env: past, synchronous: 'normal' })));
  const env = createSystemEnv({ log: () => undefined });
  const town = await createTown({ ...shared, env });
  container.tell = tellTo(town);
  await container.takeUp(env, LIVE_BEAT_MS);
  return serve(town, directory, async () => container.rest());
}

async function play(env: SimulatedEnv, container: StagedContainer, town: Town): Promise<void> {
  container.tell = tellTo(town);
  const began = env.clock.now();
  for (const { atMinute, beads } of backlog) {
    await env.pass(began + atMinute * MINUTE - env.clock.now());
    await env.until(town.createBeads(beads, { by: 'operator:ada' }));
  }
  await env.pass(began + (STORY_MINUTES - 1) * MINUTE - env.clock.now());
  const idle = town.list('agent', { state: 'idle' }).items.at(-1);
  if (idle) await env.until(town.send(idle, { type: 'PAUSE', reason: 'new disk' }, { by: 'operator:ada' }));
  await env.pass(began + STORY_MINUTES * MINUTE - env.clock.now());
  container.rest();
  const closed = Promise.resolve(town[Symbol.asyncDispose]());
  await env.pass(CLOSING_MS);
  await closed;
}

/** What runs say reaches their town under their own names. */
export const tellTo = (town: Town) => async (run: RunSpec, event: { readonly type: string }) => {
  const to = { machine: 'agent', id: run.agent };
  // What a run says late is refused, as it should be.
  await town.send(to, event, { by: `agent/${run.agent}#${run.epoch}` }).catch(coerceError);
};
