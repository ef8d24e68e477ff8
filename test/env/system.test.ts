/** The system environment: engine time under steps of the wall, and alarms that look again when they ring. */
import { describe, expect, it } from 'vitest';
import { createEngineTime, JUMP_MS } from '../../src/env/engine-time.ts';
import { createSystemEnv } from '../../src/env/system.ts';

function createHost(wallMs = 1_000_000) {
  const host = { wallMs, monotonicMs: 500.25 };
  return {
    host,
    pass(ms: number) {
      host.wallMs += ms;
      host.monotonicMs += ms;
    },
    wall: () => host.wallMs,
    monotonicMs: () => host.monotonicMs,
  };
}

describe('engine time', () => {
  it('C1 is an integer that follows the monotonic clock', () => {
    const { wall, monotonicMs, pass } = createHost();
    const time = createEngineTime(wall, monotonicMs);
    expect(time.now()).toBe(1_000_000);
    pass(12.6);
    expect(time.now()).toBe(1_000_012);
  });

  it('C2 does not go back when the wall does, and is not delayed by it', () => {
    const { host, wall, monotonicMs, pass } = createHost();
    const time = createEngineTime(wall, monotonicMs);
    host.wallMs -= 86_400_000;
    expect(time.now()).toBe(1_000_000);
    pass(1_000);
    expect(time.now()).toBe(1_001_000);
  });

  it('C3 follows a wall that went ahead while the monotonic clock stood still, and tells of it once', () => {
    const { host, wall, monotonicMs } = createHost();
    const time = createEngineTime(wall, monotonicMs);
    const jumps: unknown[] = [];
    const stop = time.onJump((jump) => jumps.push(jump));
    host.wallMs += 3_600_000;
    expect(time.now()).toBe(4_600_000);
    expect(time.now()).toBe(4_600_000);
    expect(jumps).toEqual([{ fromMs: 1_000_000, toMs: 4_600_000 }]);
    stop();
    host.wallMs += 3_600_000;
    time.now();
    expect(jumps).toHaveLength(1);
  });

  it('C4 takes a small correction of the wall for no jump', () => {
    const { host, wall, monotonicMs } = createHost();
    const time = createEngineTime(wall, monotonicMs);
    host.wallMs += JUMP_MS;
    expect(time.now()).toBe(1_000_000);
  });

  it('C5 starts no earlier than the last instant that was stored', () => {
    const { wall, monotonicMs, pass } = createHost();
    const time = createEngineTime(wall, monotonicMs);
    time.notBefore(2_000_000);
    expect(time.now()).toBe(2_000_000);
    pass(10);
    expect(time.now()).toBe(2_000_010);
    time.notBefore(5);
    expect(time.now()).toBe(2_000_010);
  });
});

describe('system environment', () => {
  it('C6 rings an alarm at its instant and never a cancelled one', async () => {
    const env = createSystemEnv();
    const rung: string[] = [];
    const at = env.clock.now() + 15;
    await new Promise<void>((resolve) => {
      env.clock.at(at, () => rung.push('cancelled')).cancel();
      env.clock.at(at, () => {
        rung.push('kept');
        resolve();
      });
    });
    expect(rung).toEqual(['kept']);
    expect(env.clock.now()).toBeGreaterThanOrEqual(at);
  });

  it('C7 rings at once what a sleep of the host has made due, once', async () => {
    const { host, wall } = createHost(1_000_000);
    const env = createSystemEnv({ wall });
    let rings = 0;
    const rung = new Promise<void>((resolve) => {
      env.clock.at(1_000_000 + 3_600_000, () => {
        rings += 1;
        env.clock.at(env.clock.now() + 5, resolve);
      });
    });
    host.wallMs += 7_200_000;
    env.clock.now();
    await rung;
    expect(rings).toBe(1);
  });

  it('C8 takes waits that are longer than the host can hold', async () => {
    const env = createSystemEnv();
    const now = env.clock.now();
    let rung = false;
    const alarm = env.clock.at(now + 2 ** 40, () => {
      rung = true;
    });
    // A host that can not hold the wait rings at once, before this one.
    await new Promise<void>((resolve) => env.clock.at(now + 20, resolve));
    alarm.cancel();
    expect(rung).toBe(false);
  });

  it('C9 draws hexadecimal ids of the length asked for', () => {
    const env = createSystemEnv();
    expect(env.hex(7)).toMatch(/^[0-9a-f]{7}$/);
    expect(env.hex(32)).not.toBe(env.hex(32));
  });
});
