/** An engine in a world of virtual time: everything that a test drives, and crashes that only memory survives. */
import { onTestFinished } from 'vitest';
import { createEngine, type Engine, type EngineOptions } from '../../src/engine/engine.ts';
import type { MachineRecord } from '../../src/engine/typing.ts';
import { createSimulatedEnv, type SimulatedEnv } from '../../src/env/simulated.ts';
import { openMemory } from '../../src/store/memory.ts';
import { type ObservedStore, observe } from './observe.ts';

/** What the engine waits at its end for effects that do not end. */
const GRACE_MS = 5_000;

export type World<TMachines extends MachineRecord> = {
  readonly env: SimulatedEnv;
  readonly engine: Engine<TMachines>;
  readonly store: ObservedStore;
  /** Runs until the promise is decided. */
  run<T>(promise: Promise<T>): Promise<T>;
  /** The process dies here: nothing is told to anybody. A new one starts on the same store after `downMs`. */
  crash(downMs?: number): Promise<World<TMachines>>;
  /** The same, with an engine of other options. */
  replaced<const TOthers extends MachineRecord>(options: WorldOptions<TOthers>): Promise<World<TOthers>>;
};

type WorldOptions<TMachines extends MachineRecord> = Omit<EngineOptions<TMachines>, 'file' | 'store' | 'env'> & {
  readonly seed?: number;
};

/** A started engine on a store in memory. */
export async function createWorld<const TMachines extends MachineRecord>(
  options: WorldOptions<TMachines>,
): Promise<World<TMachines>> {
  const env = createSimulatedEnv({ seed: options.seed ?? 1 });
  return openWorld(options, env, observe(openMemory({ env })));
}

async function openWorld<TMachines extends MachineRecord>(
  options: WorldOptions<TMachines>,
  env: SimulatedEnv,
  store: ObservedStore,
): Promise<World<TMachines>> {
  const engine = createEngine({ ...options, env, store }) as Engine<TMachines>;
  let crashed = false;
  const crash = <TOthers extends MachineRecord>(next: WorldOptions<TOthers>, downMs: number) => {
    crashed = true;
    const later = createSimulatedEnv({ seed: (options.seed ?? 1) + 1, startAt: env.clock.now() + downMs });
    return openWorld(next, later, store);
  };
  onTestFinished(async () => {
    if (crashed) return;
    const stopped = engine.stop();
    await env.pass(GRACE_MS);
    await stopped;
  });
  await env.until(engine.start());
  await env.settle();
  return {
    env,
    engine,
    store,
    run: (promise) => env.until(promise),
    crash: (downMs = 0) => crash(options, downMs),
    replaced: (next) => crash(next, 0),
  };
}
