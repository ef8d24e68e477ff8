import { describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../machines/policy.ts';
import { rigDefinition } from '../../machines/rig.ts';
import type { JsonValue } from '../../src/core/types.ts';
import { Drive, effects, sent } from './drive.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const params = { rig: 'r', container: 'local' };

function rig(): Drive {
  return new Drive(rigDefinition({ ...defaultPolicy, jitter: 0 }), { id: 'r' });
}

const refuse = (drive: Drive, permanent: boolean, container = 'local') =>
  drive.send('START_REFUSED', { epoch: 1, container, reason: 'the key was refused', permanent });
const looked = (drive: Drive, result: JsonValue) =>
  drive.send('effect.lookAtRig.succeeded', { params, key: 'k', result });
const notReady = (permanent: boolean, reason = 'still refused') => ({ ready: false, permanent, reason });

function refused(permanent: boolean): Drive {
  const drive = rig();
  refuse(drive, permanent);
  return drive;
}

describe('a start that is refused for good', () => {
  it('blocks the rig, tells one person, and lets no dispatch pass', () => {
    const drive = rig();
    expect(drive.send('DISPATCHED', { epoch: 1 })).not.toBeNull();
    const step = refuse(drive, true);
    expect(drive.state).toBe('blocked.waiting');
    expect(sent(step)).toEqual(['RAISE escalation/rig/r:blocked']);
    expect(drive.send('DISPATCHED', { epoch: 2 })).toBeNull();
    expect(sent(refuse(drive, true))).toEqual([]);
  });

  it('names the container that refused, where there are several', () => {
    const step = refuse(rig(), true, 'garage');
    expect(step?.sends[0]?.event.message).toBe('rig r can not start agents in garage: the key was refused');
  });

  it('is looked at at intervals that double to half an hour', () => {
    const drive = refused(true);
    const waits: (number | undefined)[] = [];
    for (let time = 0; time < 7; time += 1) {
      waits.push(drive.timers.look);
      expect(effects(drive.fire('look'))).toEqual(['lookAtRig']);
      looked(drive, notReady(true));
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30].map((minutes) => minutes * MINUTE));
  });

  it('is over when the look says so, and wakes what waited', () => {
    const drive = refused(true);
    drive.fire('look');
    const step = looked(drive, { ready: true });
    expect(drive.state).toBe('active');
    expect(sent(step)).toEqual(['RESOLVE escalation/rig/r:blocked']);
    expect(effects(step)).toEqual(['heal']);
  });

  it.each(['CONFIGURE', 'RESET', 'RESUME', 'CONFIG_CHANGED'])('is over with %s, and forgotten', (type) => {
    const drive = refused(true);
    const step = drive.send(type, { config: { path: '/other' } });
    expect([drive.state, drive.context.reason, drive.context.looks]).toEqual(['active', null, 0]);
    expect(effects(step)).toEqual(['heal']);
  });

  it('stays while nobody can look', () => {
    const drive = refused(true);
    drive.fire('look');
    drive.send('effect.lookAtRig.refused', { params, key: 'k', reason: 'nobody can', permanent: false });
    expect(drive.state).toBe('blocked.waiting');
    drive.fire('look');
    drive.fire('lookTimeout');
    expect(drive.state).toBe('blocked.waiting');
  });

  it('becomes one of those that time mends when the look says so', () => {
    const drive = refused(true);
    drive.fire('look');
    expect(sent(looked(drive, notReady(false, 'the gateway is down')))).toEqual(['RESOLVE escalation/rig/r:blocked']);
    expect([drive.state, drive.context.reason]).toEqual(['unready.waiting', 'the gateway is down']);
  });
});

describe('what a start needs and is away', () => {
  it('asks nobody, and is looked at again after a minute, five at most', () => {
    const drive = rig();
    expect(sent(refuse(drive, false))).toEqual([]);
    const waits: (number | undefined)[] = [];
    for (let time = 0; time < 5; time += 1) {
      waits.push(drive.timers.unreadyLook);
      drive.fire('unreadyLook');
      looked(drive, notReady(false));
    }
    expect(waits).toEqual([1, 2, 4, 5, 5].map((minutes) => minutes * MINUTE));
  });

  it('is told to a person when it lasts, and that is taken back', () => {
    const drive = refused(false);
    let raised = 0;
    for (let time = 0; time < 6; time += 1) {
      drive.fire('unreadyLook');
      raised += sent(looked(drive, notReady(false))).filter((text) => text.startsWith('RAISE')).length;
    }
    expect(raised).toBeGreaterThan(0);
    expect(sent(drive.send('RESUME'))).toEqual(['RESOLVE escalation/rig/r:blocked']);
  });

  it('lets the next start tell where nobody can look', () => {
    const drive = refused(false);
    drive.fire('unreadyLook');
    drive.send('effect.lookAtRig.refused', { params, key: 'k', reason: 'nobody can', permanent: false });
    expect(drive.state).toBe('active');
  });

  it('is blocked by a start that is refused for good', () => {
    const drive = refused(false);
    refuse(drive, true);
    expect(drive.state).toBe('blocked.waiting');
  });
});

it('a rig that is well at each look and refused at each start gains nothing by it', () => {
  const drive = rig();
  for (let time = 0; time < 4; time += 1) {
    refuse(drive, true);
    drive.fire('look');
    looked(drive, { ready: true });
  }
  refuse(drive, true);
  expect(drive.timers.look).toBe(16 * MINUTE);
  looked(drive, { ready: true });
  drive.send('RESUME');
  drive.wait(2 * HOUR);
  refuse(drive, true);
  expect(drive.timers.look).toBe(MINUTE);
});

it('a rig that a person paused rests, whatever is refused meanwhile, and wakes its beads', () => {
  const drive = rig();
  drive.send('PAUSE', { reason: 'lunch' });
  refuse(drive, true);
  expect([drive.state, drive.context.reason]).toEqual(['paused', 'lunch']);
  expect(effects(drive.send('RESUME'))).toEqual(['heal']);
});

it('a rig of an earlier version has what came later', () => {
  const { options } = rigDefinition(defaultPolicy);
  expect(options.defaults).toEqual({ container: null, looks: 0, refusedAt: 0 });
});
