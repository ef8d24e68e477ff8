import { describe, expect, it } from 'vitest';
import { breakerDefinition } from '../../machines/breaker.ts';
import { defaultPolicy, type PolicyPatch } from '../../machines/policy.ts';
import { Drive, sent } from './drive.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function breaker(patch: PolicyPatch = {}) {
  return new Drive(breakerDefinition({ ...defaultPolicy, jitter: 0, ...patch }), { id: 'town' });
}

let epochs = 0;
function dispatch(drive: Drive, probe = false): number | null {
  epochs += 1;
  return drive.send('DISPATCHED', { epoch: epochs, probe }) ? epochs : null;
}

function failing(drive: Drive, times: number): void {
  for (let time = 0; time < times; time += 1) drive.send('FAILURE', { epoch: dispatch(drive) ?? 0 });
}

function halfOpen(patch: PolicyPatch = {}): Drive {
  const drive = breaker({ breakerFailures: 3, ...patch });
  failing(drive, 3);
  drive.fire('cool');
  return drive;
}

describe('tokens', () => {
  it('let pass as many dispatches as an hour has, then one as soon as the first is an hour old', () => {
    const drive = breaker({ townDispatchesPerHour: 4 });
    dispatch(drive);
    drive.wait(10 * MINUTE);
    expect([1, 2, 3].map(() => dispatch(drive)).every((epoch) => epoch !== null)).toBe(true);
    expect(drive.state).toBe('closed.throttled');
    expect(dispatch(drive)).toBeNull();
    expect(drive.timers.refill).toBe(50 * MINUTE);
    drive.fire('refill');
    expect(dispatch(drive)).not.toBeNull();
    expect(dispatch(drive)).toBeNull();
    expect(drive.timers.refill).toBe(10 * MINUTE);
  });

  it('are never more in any hour, whenever they are asked for', () => {
    const drive = breaker({ townDispatchesPerHour: 7 });
    const passed: number[] = [];
    let [at, seed] = [0, 7];
    for (let step = 0; step < 600; step += 1) {
      seed = (seed * 48_271) % 2_147_483_647;
      const wait = seed % (seed % 5 === 0 ? 30 * MINUTE : 2 * MINUTE);
      at += wait;
      drive.pass(wait);
      if (dispatch(drive) !== null) passed.push(at);
    }
    const fullest = Math.max(...passed.map((end) => passed.filter((time) => time > end - HOUR && time <= end).length));
    expect(fullest).toBe(7);
    // And no hour is wasted: while more is asked for than may be, nearly all of it is used.
    expect(passed.length).toBeGreaterThan((at / HOUR) * 5);
  });

  it('of the day count beside those of the hour', () => {
    const drive = breaker({ townDispatchesPerDay: 2 });
    dispatch(drive);
    dispatch(drive);
    expect(drive.timers.refill).toBeGreaterThanOrEqual(12 * HOUR);
  });

  it('never pile up beyond the size of the bucket', () => {
    const drive = breaker({ townDispatchesPerHour: 2 });
    drive.wait(48 * HOUR);
    expect([dispatch(drive), dispatch(drive), dispatch(drive)].map((epoch) => epoch !== null)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('are given back by a person', () => {
    const drive = breaker({ townDispatchesPerHour: 1 });
    dispatch(drive);
    drive.send('RESET');
    expect(drive.state).toBe('closed.available');
    expect(dispatch(drive)).not.toBeNull();
  });
});

describe('opening', () => {
  it('takes enough failures and enough of all outcomes', () => {
    const drive = breaker({ breakerFailures: 3, breakerRatio: 0.5 });
    for (let time = 0; time < 8; time += 1) drive.send('SUCCESS', { epoch: time });
    failing(drive, 5);
    expect(drive.state).toBe('closed.available');
    failing(drive, 3);
    expect(drive.state).toBe('open');
  });

  it('forgets failures that are older than the window', () => {
    const drive = breaker({ breakerFailures: 3 });
    failing(drive, 2);
    drive.wait(31 * MINUTE);
    failing(drive, 2);
    expect(drive.state).toBe('closed.available');
  });

  it('cools longer after each failed probe, up to the most', () => {
    const drive = halfOpen();
    const waits: (number | undefined)[] = [];
    for (let time = 0; time < 4; time += 1) {
      drive.send('FAILURE', { epoch: dispatch(drive, true) ?? 0 });
      waits.push(drive.timers.cool);
      drive.fire('cool');
    }
    expect(waits).toEqual([10, 15, 15, 15].map((minutes) => minutes * MINUTE));
  });
});

describe('half open', () => {
  it('lets one probe through and nothing else', () => {
    const drive = halfOpen();
    expect(dispatch(drive)).toBeNull();
    expect(dispatch(drive, true)).not.toBeNull();
    expect(dispatch(drive, true)).toBeNull();
  });

  it('is moved by the outcome of its own probe only', () => {
    const drive = halfOpen();
    const probe = dispatch(drive, true) ?? 0;
    drive.send('SUCCESS', { epoch: 1 });
    drive.send('FAILURE', { epoch: 2 });
    expect(drive.state).toBe('halfOpen.probing');
    const step = drive.send('SUCCESS', { epoch: probe });
    expect(drive.state).toBe('closed.ramping');
    expect(sent(step)).toContain('BREAKER_CLOSED *guardedBy');
  });

  it('waits for another probe when its own ended without a verdict', () => {
    const drive = halfOpen();
    drive.send('ENDED', { epoch: dispatch(drive, true) ?? 0 });
    expect(drive.state).toBe('halfOpen.waiting');
    expect(dispatch(drive, true)).not.toBeNull();
  });

  it('opens again when the probe gives no sign in time', () => {
    const drive = halfOpen();
    dispatch(drive, true);
    drive.fire('probeResult');
    expect(drive.state).toBe('open');
  });
});

describe('the ramp after a closing', () => {
  function ramping(): Drive {
    const drive = halfOpen();
    drive.send('SUCCESS', { epoch: dispatch(drive, true) ?? 0 });
    return drive;
  }

  it('lets in one start, then two, then four, with each that succeeds', () => {
    const drive = ramping();
    const first = dispatch(drive);
    expect(dispatch(drive)).toBeNull();
    drive.send('SUCCESS', { epoch: first ?? 0 });
    expect([dispatch(drive), dispatch(drive)].includes(null)).toBe(false);
    expect(dispatch(drive)).toBeNull();
  });

  it('gives the place of a run that ended or failed back', () => {
    const drive = ramping();
    drive.send('ENDED', { epoch: dispatch(drive) ?? 0 });
    drive.send('FAILURE', { epoch: dispatch(drive) ?? 0 });
    expect(dispatch(drive)).not.toBeNull();
  });

  it('ends by itself, whatever became of what it let in', () => {
    const drive = ramping();
    dispatch(drive);
    drive.fire('ramp');
    expect(drive.state).toBe('closed.available');
  });
});

describe('the budget of a day', () => {
  it('pauses the town, tells of it once, and goes on when the day is over', () => {
    const drive = breaker({ townBudgetUsdPerDay: 10 });
    drive.send('SPENT', { costUsd: 6 });
    drive.wait(HOUR);
    expect(sent(drive.send('SPENT', { costUsd: 5 }))).toContain('RAISE escalation/breaker/town:budget');
    expect(drive.state).toBe('paused.overBudget');
    expect(drive.timers.dayEnd).toBe(23 * HOUR);
    expect(sent(drive.send('SPENT', { costUsd: 5 }))).toEqual([]);
    expect(drive.timers.dayEnd).toBe(23 * HOUR);
    expect(sent(drive.fire('dayEnd'))).toContain('RESOLVE escalation/breaker/town:budget');
    expect(drive.state).toBe('halfOpen.waiting');
    drive.send('SPENT', { costUsd: 6 });
    expect(drive.state).toBe('halfOpen.waiting');
    expect(drive.context.spentUsd).toBe(6);
  });

  it('does not lift the pause of a person', () => {
    const drive = breaker({ townBudgetUsdPerDay: 10 });
    drive.send('PAUSE', { reason: 'a demo' });
    drive.send('SPENT', { costUsd: 50 });
    expect(drive.state).toBe('paused.byOperator');
    expect(drive.timers).toEqual({});
  });

  it('goes on half open, never straight to closed', () => {
    const drive = breaker();
    drive.send('PAUSE');
    expect(drive.send('PAUSE')).toBeNull();
    drive.send('RESUME');
    expect(drive.state).toBe('halfOpen.waiting');
  });
});
