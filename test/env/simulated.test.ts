/** The simulated environment: order of alarms, pumping, determinism. */
import { describe, expect, it } from 'vitest';
import { createSimulatedEnv } from '../../src/env/simulated.ts';

describe('simulated environment', () => {
  it('V1 rings alarms in order, each at its own instant, ties in the order of asking', () => {
    const env = createSimulatedEnv({ seed: 1, startAt: 0 });
    const rung: string[] = [];
    const note = (name: string) => () => rung.push(`${name}@${env.clock.now()}`);
    env.clock.at(20, note('c'));
    env.clock.at(10, note('a'));
    env.clock.at(10, note('b'));
    env.clock.at(99, note('late'));
    env.advance(20);
    expect(rung).toEqual(['a@10', 'b@10', 'c@20']);
    expect(env.alarms.map((alarm) => alarm.atMs)).toEqual([99]);
  });

  it('V2 rings what an alarm sets for the same stretch of time', () => {
    const env = createSimulatedEnv({ seed: 1, startAt: 0 });
    const rung: number[] = [];
    const again = () => {
      rung.push(env.clock.now());
      if (rung.length < 3) env.clock.at(env.clock.now() + 10, again);
    };
    env.clock.at(10, again);
    env.advanceTo(100);
    expect(rung).toEqual([10, 20, 30]);
    expect(env.clock.now()).toBe(100);
  });

  it('V3 runs until only background alarms are left', () => {
    const env = createSimulatedEnv({ seed: 1, startAt: 0 });
    const rung: string[] = [];
    env.clock.at(1_000, () => rung.push('near'));
    env.clock.at(9_000, () => rung.push('background'), { background: true });
    env.runUntilIdle();
    expect(rung).toEqual(['near']);
  });

  it('V4 settles callbacks and promises that make one another', async () => {
    const env = createSimulatedEnv({ seed: 1 });
    const done: string[] = [];
    env.clock.soon(() => {
      void Promise.resolve().then(() => {
        done.push('promise');
        env.clock.soon(() => done.push('soon'));
      });
    });
    await env.settle();
    expect(done).toEqual(['promise', 'soon']);
  });

  it('V5 jumps without ringing on the way, tells the listeners, and rings afterwards', () => {
    const env = createSimulatedEnv({ seed: 1, startAt: 0 });
    const seen: string[] = [];
    env.clock.at(10, () => seen.push(`alarm@${env.clock.now()}`));
    env.clock.onJump((jump) => seen.push(`jump ${jump.fromMs}-${jump.toMs}`));
    env.jump(1_000);
    env.advance(0);
    expect(seen).toEqual(['jump 0-1000', 'alarm@1000']);
  });

  it('V6 draws the same from the same seed', () => {
    const one = createSimulatedEnv({ seed: 7 });
    const two = createSimulatedEnv({ seed: 7 });
    expect([one.random(), one.hex(12)]).toEqual([two.random(), two.hex(12)]);
    expect(createSimulatedEnv({ seed: 8 }).hex(12)).not.toBe(createSimulatedEnv({ seed: 7 }).hex(12));
  });

  it('V7 says when a promise can not be decided at this instant', async () => {
    const env = createSimulatedEnv({ seed: 1 });
    const later = new Promise<string>((resolve) => env.clock.at(env.clock.now() + 5, () => resolve('done')));
    await expect(env.until(later)).rejects.toThrow('advance the clock');
    env.advance(5);
    expect(await env.until(later)).toBe('done');
  });
});
