/** An inspector over an engine on a virtual clock, asked without a socket. */
import { Hono } from 'hono';
import { onTestFinished } from 'vitest';
import type { EffectOutcome } from '../../src/core/types.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { createSimulatedEnv, type SimulatedEnv } from '../../src/env/simulated.ts';
import { type InspectorOptions, inspector } from '../../src/inspector/mount.ts';
import { openMemory } from '../../src/store/memory.ts';
import { job, jobDescription } from './jobs.ts';

const HOST = 'localhost:4680';
export const BASE = '/deep/inspector';
const GRACE_MS = 5_000;
const PATIENT_TURNS = 50;

export type InspectorWorld = {
  readonly env: SimulatedEnv;
  readonly engine: Engine<{ job: typeof job }>;
  /** Ends of builds: each waits until it is decided; without a word it succeeds at once. */
  onBuild: (name: string) => Promise<EffectOutcome>;
  run<T>(promise: Promise<T>): Promise<T>;
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** A question of the API, as its answer. */
  get<T>(path: string): Promise<T>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
};

export async function inspectorWorld(options: InspectorOptions = {}): Promise<InspectorWorld> {
  const env = createSimulatedEnv({ seed: 1 });
  const world = {
    onBuild: async (_name: string): Promise<EffectOutcome> => ({ kind: 'succeeded' }),
  };
  const build = { run: ({ params }: { params: unknown }) => world.onBuild((params as { name: string }).name) };
  const engine = createEngine({ machines: { job }, store: openMemory({ env }), env, effects: { build } });
  const typed = engine as unknown as Engine<{ job: typeof job }>;
  await env.until(engine.start());
  const app = new Hono();
  app.route(BASE, inspector(engine, { machines: [jobDescription], access: 'operate', ...options }));
  onTestFinished(async () => {
    const stopped = engine.stop();
    await env.pass(GRACE_MS);
    await stopped;
  });
  const ask = (path: string, init: RequestInit = {}) => {
    const headers = { host: HOST, ...(init.headers as Record<string, string>) };
    return decided(env, app.request(`http://${HOST}${BASE}${path}`, { ...init, headers }));
  };
  return Object.assign(world, {
    ...{ env, engine: typed, ask },
    run: <T>(promise: Promise<T>) => env.until(promise),
    get: async <T>(path: string) => {
      const answer = await ask(`/api/${path}`);
      return (await decided(env, answer.json())) as T;
    },
    post: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      ask(`/api/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: `http://${HOST}`, ...headers },
        body: JSON.stringify(body),
      }),
  });
}

/** Lets the engine and the request's own promises move until there is an answer. */
export async function decided<T>(env: SimulatedEnv, promise: T | Promise<T>): Promise<T> {
  let isDecided = false;
  const mark = () => {
    isDecided = true;
  };
  const waiting = Promise.resolve(promise);
  waiting.then(mark, mark);
  for (let turns = 0; !isDecided; turns += 1) {
    // What waits for a real thread is given up in virtual time; what is read from disk comes in real time.
    await (turns < PATIENT_TURNS ? env.settle() : env.pass(10));
    await new Promise((turn) => setImmediate(turn));
  }
  return waiting;
}
