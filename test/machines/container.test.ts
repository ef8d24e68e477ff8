import { describe, expect, it } from 'vitest';
import { containerDefinition } from '../../machines/container.ts';
import { defaultPolicy, type PolicyPatch } from '../../machines/policy.ts';
import { Drive, effects, sent } from './drive.ts';

const MINUTE = 60_000;
const params = { container: 'local' };

function container(patch: PolicyPatch = {}): Drive {
  return new Drive(containerDefinition({ ...defaultPolicy, jitter: 0, ...patch }), { id: 'local' });
}

function provisioned(patch: PolicyPatch = {}): Drive {
  const drive = container(patch);
  drive.send('DEMAND');
  drive.send('effect.provision.succeeded', { params, key: 'k', result: { incarnation: 'i1' } });
  return drive;
}

function occupied(patch: PolicyPatch = {}): Drive {
  const drive = provisioned(patch);
  drive.send('PLACE', { epoch: 1 });
  return drive;
}

const miss = (drive: Drive) => drive.send('effect.checkHealth.unanswered', { params, key: 'k', cause: 'silence' });
const well = (drive: Drive, incarnation = 'i1') =>
  drive.send('effect.checkHealth.succeeded', { params, key: 'k', result: { incarnation } });

function suspect(): Drive {
  const drive = occupied();
  drive.fire('health');
  miss(drive);
  return drive;
}

function down(): Drive {
  const drive = suspect();
  for (let time = 0; time < 2; time += 1) {
    drive.fire('healthSuspect');
    miss(drive);
  }
  return drive;
}

describe('its health', () => {
  it('is asked at intervals, however often runs are placed', () => {
    const drive = occupied();
    drive.wait(10_000);
    drive.send('PLACE', { epoch: 2 });
    expect(drive.timers.health).toBe(5_000);
    expect(effects(drive.fire('health'))).toEqual(['checkHealth']);
  });

  it('is doubted at the first miss and judged at the third, in one step for all runs', () => {
    const drive = occupied();
    drive.fire('health');
    expect(sent(miss(drive))).toEqual([]);
    expect(drive.state).toBe('suspect.resting');
    drive.fire('healthSuspect');
    miss(drive);
    drive.fire('healthSuspect');
    expect(sent(miss(drive))).toEqual(['CONTAINER_DOWN *hostedBy']);
    expect(drive.state).toBe('down');
    // Who gives its run up vacates its place; who still hears of it does not.
    expect(drive.context.runs).toEqual([1]);
    drive.send('VACATE', { epoch: 1 });
    expect(drive.context.runs).toEqual([]);
  });

  it('is not asked while it hosts nothing', () => {
    const drive = occupied();
    drive.send('VACATE', { epoch: 1 });
    expect([drive.state, Object.keys(drive.timers)]).toEqual(['up.vacant', ['idle']]);
    drive.wait(MINUTE);
    expect(drive.send('VACATE', { epoch: 1 })).toBeNull();
    expect(drive.timers.idle).toBe(9 * MINUTE);
  });
});

describe('a sign of life', () => {
  const states: [string, () => Drive][] = [
    ['absent', () => container()],
    ['suspect', suspect],
    ['down', down],
  ];
  it.each(states)('brings it up from %s', (_, make) => {
    const drive = make();
    drive.send('SEEN', { incarnation: 'i1' });
    expect(drive.state).toMatch(/^up\./);
  });

  it.each(states)('of a run that was given up brings it up from %s and is hosted', (_, make) => {
    const drive = make();
    drive.send('REVIVED', { epoch: 7 });
    expect([drive.state, drive.context.runs]).toEqual(['up.occupied.resting', expect.arrayContaining([7])]);
  });

  it('of an earlier incarnation is no restart', () => {
    const drive = occupied();
    drive.fire('health');
    expect(sent(well(drive, 'i2'))).toContain('CONTAINER_RENEWED *hostedBy');
    expect(drive.send('SEEN', { incarnation: 'i1' })).toBeNull();
    expect(drive.context.incarnation).toBe('i2');
  });

  it('of a revived run is taken on probation too: it is there already', () => {
    const drive = occupied({ containerRestartsMax: 1 });
    for (const incarnation of ['i2', 'i3']) {
      drive.fire('health');
      well(drive, incarnation);
    }
    expect(drive.context.probation).toBe(true);
    expect(drive.send('PLACE', { epoch: 2 })).toBeNull();
    drive.send('REVIVED', { epoch: 3 });
    expect(drive.context.runs).toEqual([1, 3]);
  });
});

describe('probation', () => {
  it('ends ten minutes after the last restart', () => {
    const drive = occupied({ containerRestartsMax: 1 });
    for (const incarnation of ['i2', 'i3']) {
      drive.fire('health');
      well(drive, incarnation);
    }
    expect(drive.context.probation).toBe(true);
    drive.wait(11 * MINUTE);
    drive.fire('health');
    well(drive, 'i3');
    expect(drive.context.probation).toBe(false);
    expect(drive.send('PLACE', { epoch: 2 })).not.toBeNull();
  });
});

describe('letting it go', () => {
  it('that is drained may be done with waiting: its runs are given up at once', () => {
    const drive = occupied();
    drive.send('DRAIN');
    const closing = drive.send('CLOSE');
    expect([drive.state, drive.context.runs]).toEqual(['stopping', []]);
    expect(sent(closing)).toContain('CONTAINER_CLOSING *hostedBy');
  });

  it('after a drain waits for its runs, then ends those that are left', () => {
    const drive = occupied();
    drive.send('DRAIN');
    expect([drive.state, drive.timers.drain]).toEqual(['draining', 5 * MINUTE]);
    expect(drive.send('PLACE', { epoch: 2 })).toBeNull();
    const closing = drive.fire('drain');
    expect([sent(closing), effects(closing)]).toEqual([['CONTAINER_CLOSING *hostedBy'], ['closeContainer']]);
  });

  it('happens at once when the last run has ended', () => {
    const drive = occupied();
    drive.send('DRAIN');
    drive.send('VACATE', { epoch: 1 });
    expect(drive.state).toBe('stopping');
  });

  it('is taken back by a person', () => {
    const drive = occupied();
    drive.send('DRAIN');
    drive.send('RESET');
    expect(drive.state).toBe('up.occupied.resting');
  });

  it('happens to what was empty for long', () => {
    const drive = provisioned();
    drive.fire('idle');
    drive.send('effect.closeContainer.succeeded', { params, key: 'k', result: {} });
    expect(drive.state).toBe('absent');
  });
});

describe('what can not be provided', () => {
  it('is tried again with a growing wait, or given to a person when that is for ever', () => {
    const drive = container();
    const waits: (number | undefined)[] = [];
    for (let time = 0; time < 3; time += 1) {
      drive.send('DEMAND');
      drive.send('effect.provision.unanswered', { params, key: 'k', cause: 'silence' });
      waits.push(drive.timers.backoff);
      drive.fire('backoff');
    }
    expect(waits).toEqual([5_000, 10_000, 20_000]);
    drive.send('DEMAND');
    const refused = { params, key: 'k', reason: 'no such image', permanent: true };
    expect(sent(drive.send('effect.provision.refused', refused))).toContain('RAISE escalation/container/local:broken');
    expect(sent(drive.send('CONFIG_CHANGED'))).toContain('RESOLVE escalation/container/local:broken');
    expect(drive.state).toBe('provisioning');
  });
});

describe('its place', () => {
  const placed = (drive: Drive, epoch: number, needs: string[] = []) => drive.send('PLACE', { epoch, needs }) !== null;
  const offering = (labels: string[], slots: number | null) => {
    const drive = provisioned();
    drive.send('CONFIGURE', { labels, slots });
    return drive;
  };

  it('takes as many runs as it has slots, the first and the others', () => {
    expect(placed(offering([], 0), 1)).toBe(false);
    const drive = offering([], 2);
    expect([1, 2, 3].map((epoch) => placed(drive, epoch))).toEqual([true, true, false]);
    drive.send('VACATE', { epoch: 1 });
    expect(placed(drive, 3)).toBe(true);
  });

  it('takes back a run that lives, whether there is a slot for it or not', () => {
    const drive = offering([], 1);
    placed(drive, 1);
    drive.send('REVIVED', { epoch: 2 });
    expect(drive.context.runs).toEqual([1, 2]);
    expect(placed(drive, 3)).toBe(false);
  });

  it('takes no run that needs a label that it has not', () => {
    const drive = offering(['linux', 'gpu'], null);
    expect(placed(drive, 1, ['gpu', 'mac'])).toBe(false);
    expect(placed(drive, 1, ['gpu', 'linux'])).toBe(true);
    expect(placed(drive, 2, ['mac'])).toBe(false);
  });

  it('is changed in any state, and ends no run', () => {
    const drive = offering([], 3);
    for (const epoch of [1, 2, 3]) placed(drive, epoch);
    drive.send('CONFIGURE', { labels: [], slots: 1 });
    expect([drive.state, drive.context.runs]).toEqual(['up.occupied.resting', [1, 2, 3]]);
    const away = down();
    expect(away.send('CONFIGURE', { labels: ['gpu'], slots: 4 })).not.toBeNull();
    expect([away.state, away.context.labels, away.context.slots]).toEqual(['down', ['gpu'], 4]);
  });

  it('is that of the embedded container when nobody said one', () => {
    expect(container().context).toMatchObject({ labels: ['local'], slots: null });
  });
});
