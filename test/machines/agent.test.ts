import { describe, expect, it } from 'vitest';
import { agentDefinition } from '../../machines/agent.ts';
import { defaultPolicy, type PolicyPatch } from '../../machines/policy.ts';
import { Drive, effects, sent } from './drive.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function agent(patch: PolicyPatch = {}): Drive {
  const definition = agentDefinition({ ...defaultPolicy, jitter: 0, ...patch });
  return new Drive(definition, { id: 'p1', rig: 'r', role: 'polecat', container: 'local' });
}

function assigned(patch: PolicyPatch = {}, maxRunMs: number | null = null): Drive {
  const drive = agent(patch);
  drive.send('ASSIGN', { bead: 'b', epoch: 1, probe: false, maxRunMs });
  return drive;
}

function started(patch: PolicyPatch = {}, maxRunMs: number | null = null): Drive {
  const drive = assigned(patch, maxRunMs);
  const params = { agent: 'p1', bead: 'b', epoch: 1, container: 'local' };
  drive.send('effect.startRun.succeeded', { params, key: 'k', result: { incarnation: 'one', branch: 'x' } });
  return drive;
}

function running(patch: PolicyPatch = {}, maxRunMs: number | null = null): Drive {
  const drive = started(patch, maxRunMs);
  drive.send('HEARTBEAT', { epoch: 1, incarnation: 'one' });
  return drive;
}

const outcome = (type: string, fields: object) => ({
  ...{ type: `effect.${type}` },
  fields: { params: { agent: 'p1', bead: 'b', epoch: 1, container: 'local' }, key: 'k', ...fields },
});
function answer(drive: Drive, type: string, fields: object) {
  const { type: name, fields: all } = outcome(type, fields);
  return drive.send(name, all as never);
}

describe('the ladder of a run without progress', () => {
  it('is nudge, escalation, stop, at 15 minutes, 1 hour and 2 hours', () => {
    const drive = running();
    const beginning = drive.at;
    expect(effects(drive.fire('nudge'))).toEqual(['nudgeRun']);
    expect([drive.state, drive.at - beginning]).toEqual(['working.running.quiet', 15 * MINUTE]);
    expect(sent(drive.fire('escalate'))).toEqual(['RAISE escalation/agent/p1:stalled']);
    expect(drive.at - beginning).toBe(HOUR);
    const stopped = drive.fire('stall');
    expect([drive.state, drive.at - beginning]).toEqual(['working.stopping', 2 * HOUR]);
    expect(sent(stopped)).toContain('RESOLVE escalation/agent/p1:stalled');
    expect(effects(stopped)).toEqual(['stopRun']);
  });

  it('is climbed down again by progress, not by a mere heartbeat', () => {
    const drive = running();
    drive.fire('nudge');
    drive.send('HEARTBEAT', { epoch: 1 });
    expect(drive.state).toBe('working.running.quiet');
    drive.send('PROGRESS', { epoch: 1, note: 'reading' });
    expect([drive.state, drive.context.note]).toEqual(['working.running.active', 'reading']);
    drive.fire('nudge');
    drive.fire('escalate');
    expect(sent(drive.send('HEARTBEAT', { epoch: 1, active: true }))).toContain('RESOLVE escalation/agent/p1:stalled');
    expect(drive.state).toBe('working.running.active');
  });

  it('charges the bead when it ends in a stop', () => {
    const drive = running();
    for (const name of ['nudge', 'escalate', 'stall']) drive.fire(name);
    const ended = answer(drive, 'stopRun.succeeded', { result: { gone: false } });
    expect(sent(ended)).toContain('RUN.FAILED bead/b');
    expect(drive.state).toBe('exited.stopped');
  });
});

describe('stopping', () => {
  it('is tried three times, then the run is over for the town', () => {
    const drive = running();
    expect(effects(drive.send('STOP'))).toEqual(['stopRun']);
    expect(effects(drive.fire('stop'))).toEqual(['stopRun']);
    expect(effects(drive.fire('stop'))).toEqual(['stopRun']);
    expect(sent(drive.fire('stop'))).toEqual(expect.arrayContaining(['RUN.STOPPED bead/b', 'VACATE container/local']));
    expect(drive.state).toBe('exited.stopped');
  });

  it('is not begun again by a second wish, nor by the longest time of a run', () => {
    const drive = running({ stopMs: 5 * HOUR });
    drive.send('STOP');
    expect(drive.send('STOP')).toBeNull();
    drive.fire('maxRun');
    expect([drive.state, drive.context.stopTries]).toEqual(['working.stopping', 1]);
  });

  it('takes a completion for what it is, and ends with its container', () => {
    const done = running();
    done.send('STOP');
    expect(sent(done.send('DONE', { epoch: 1 }))).toContain('RUN.COMPLETED bead/b');
    for (const event of ['CONTAINER_DOWN', 'CONTAINER_CLOSING']) {
      const gone = running();
      gone.send('STOP');
      expect(sent(gone.send(event, { container: 'local' }))).toContain('RUN.STOPPED bead/b');
    }
  });

  it('is not undone by a heartbeat', () => {
    const drive = running();
    drive.send('STOP');
    expect(drive.send('HEARTBEAT', { epoch: 1 })).toBeNull();
  });
});

describe('the longest time of a run', () => {
  it('is four hours, or what the bead says', () => {
    expect(running().timers.maxRun).toBe(4 * HOUR);
    const drive = running({}, 10 * MINUTE);
    expect(drive.timers.maxRun).toBe(10 * MINUTE);
    drive.fire('maxRun');
    expect([drive.state, drive.context.reason]).toEqual(['working.stopping', 'it ran longer than a run may']);
  });
});

describe('a container that goes', () => {
  const working: [string, () => Drive][] = [
    ['dispatching', () => assigned()],
    ['starting', () => started()],
    ['running', () => running()],
  ];
  it.each(working.slice(0, 2))('evicts what is %s; it may come back', (_, make) => {
    const drive = make();
    expect(sent(drive.send('CONTAINER_DOWN', { container: 'local' }))).toContain('RUN.EVICTED bead/b');
    const revived = drive.send('HEARTBEAT', { epoch: 1 });
    expect(sent(revived)).toEqual(expect.arrayContaining(['RUN.STARTED bead/b', 'REVIVED container/local']));
  });

  it('makes what is running suspect: its next heartbeat counts for more', () => {
    const drive = running();
    expect(sent(drive.send('CONTAINER_DOWN', { container: 'local' }))).toEqual([]);
    expect(drive.state).toBe('working.suspect.doubted.asking');
    drive.send('HEARTBEAT', { epoch: 1 });
    expect([drive.state, drive.context.containerDown]).toEqual(['working.running.active', false]);
  });

  it('and stays away evicts what is silent, without a charge', () => {
    const drive = running();
    drive.send('CONTAINER_DOWN', { container: 'local' });
    answer(drive, 'probeRun.unanswered', { cause: 'nobody' });
    const evicted = drive.fire('suspect');
    expect(sent(evicted)).toEqual(expect.arrayContaining(['RUN.EVICTED bead/b', 'VACATE container/local']));
    expect([drive.state, effects(evicted)]).toEqual(['exited.evicted', ['stopRun']]);
  });

  it.each(working)('on purpose ends what is %s; it does not come back', (_, make) => {
    const drive = make();
    const closed = drive.send('CONTAINER_CLOSING', { container: 'local' });
    expect(effects(closed)).toEqual(['stopRun']);
    drive.fire('recycle');
    expect(effects(drive.send('HEARTBEAT', { epoch: 1 }))).toEqual(['stopRun']);
    expect(drive.state).toBe('idle.ready');
  });

  it('and is another when it comes back takes the run with it, for good', () => {
    const drive = running();
    expect(sent(drive.send('CONTAINER_RENEWED', { container: 'local', incarnation: 'two' }))).toContain(
      'RUN.EVICTED bead/b',
    );
    expect(drive.context.revivable).toBe(false);
    const lost = started();
    lost.send('CONTAINER_DOWN', { container: 'local' });
    lost.send('CONTAINER_RENEWED', { container: 'local', incarnation: 'two' });
    expect(lost.context.revivable).toBe(false);
  });

  it('keeps its runs when it is the same as before', () => {
    const drive = running();
    drive.send('CONTAINER_RENEWED', { container: 'local', incarnation: 'one' });
    expect(drive.state).toBe('working.running.active');
  });
});

describe('the question after a run', () => {
  it('that an earlier epoch asked says nothing about the current one', () => {
    const drive = assigned();
    drive.fire('startTimeout');
    expect(drive.state).toBe('working.unconfirmed.asking');
    const params = { agent: 'p1', bead: 'b', epoch: 0, container: 'local' };
    expect(drive.send('effect.probeRun.unanswered', { params, key: 'k', cause: 'silence' })).toBeNull();
    expect(drive.send('effect.probeRun.succeeded', { params, key: 'k', result: { status: 'absent' } })).toBeNull();
    expect(drive.state).toBe('working.unconfirmed.asking');
  });
});

describe('late words of a run that was given up', () => {
  function lost(): Drive {
    const drive = running();
    drive.fire('lease');
    answer(drive, 'probeRun.unanswered', { cause: 'nobody' });
    drive.fire('suspect');
    expect(drive.state).toBe('exited.lost');
    return drive;
  }

  it('are believed: done, impossible, a question', () => {
    expect(sent(lost().send('DONE', { epoch: 1 }))).toContain('RUN.COMPLETED bead/b');
    const impossible = { epoch: 1, class: 'permanent', reason: 'no such file' };
    expect(sent(lost().send('FAILED', impossible))).toContain('RUN.IMPOSSIBLE bead/b');
    const question = { epoch: 1, class: 'needs_input', reason: 'which one?' };
    expect(sent(lost().send('FAILED', question))).toContain('RUN.NEEDS_INPUT bead/b');
  });

  it('are not charged twice: its loss was counted', () => {
    const drive = lost();
    const step = drive.send('FAILED', { epoch: 1, class: 'work', reason: 'gave up' });
    expect([sent(step), effects(step)]).toEqual([[], ['stopRun']]);
    expect(drive.context.revivable).toBe(false);
  });

  it('of its cost are counted', () => {
    expect(sent(lost().send('USAGE', { epoch: 1, tokens: 5, costUsd: 2 }))).toEqual([
      'SPENT bead/b',
      'SPENT breaker/town',
    ]);
  });

  it('are over once its bead fenced it', () => {
    const drive = lost();
    expect(effects(drive.send('FENCE', { epoch: 1, cause: 'given up' }))).toEqual(['stopRun']);
    expect(drive.send('DONE', { epoch: 1 })).toBeNull();
    expect(drive.send('FENCE', { epoch: 1, cause: 'again' })).toBeNull();
  });
});

describe('success', () => {
  it('is told to the breaker once for one start', () => {
    const drive = running();
    expect(sent(drive.send('DONE', { epoch: 1 }))).not.toContain('SUCCESS breaker/town');
    expect(sent(started().send('DONE', { epoch: 1 }))).toContain('SUCCESS breaker/town');
  });
});

describe('a person at a run', () => {
  it('is heard by the run that is there, a bounded number of messages at a time', () => {
    expect(agent().send('MESSAGE', { text: 'anyone?' })).toBeNull();
    const drive = running();
    const step = drive.send('MESSAGE', { text: 'use tabs', by: 'operator' });
    expect(step?.records).toMatchObject([
      { kind: 'message', id: 'p1:1', body: { text: 'use tabs', epoch: 1, bead: 'b' } },
    ]);
    for (let more = 1; more < 20; more += 1) drive.send('MESSAGE', { text: `${more}` });
    expect(drive.send('MESSAGE', { text: 'one too many' })).toBeNull();
    expect(drive.send('MESSAGE_TAKEN', { epoch: 1, id: '1' })?.records).toMatchObject([
      { id: 'p1:1', body: { id: '1' } },
    ]);
    expect(drive.send('MESSAGE_TAKEN', { epoch: 1, id: '1' })).toBeNull();
    expect(drive.send('MESSAGE', { text: 'now there is room' })).not.toBeNull();
  });

  it('is told what was not heard, once, when the run is over, and no more when the next begins', () => {
    const drive = running({ recycleMs: 1 });
    drive.send('MESSAGE', { text: 'use tabs' });
    const over = drive.send('DONE', { epoch: 1, summary: 'done' });
    expect(sent(over)).toContain('RAISE escalation/agent/p1:undelivered');
    drive.pass(10);
    const next = drive.send('ASSIGN', { bead: 'c', epoch: 2, probe: false, maxRunMs: null });
    expect(sent(next)).toContain('RESOLVE escalation/agent/p1:undelivered');
    expect(drive.context.unheard).toEqual([]);
  });

  it('is not told of it any longer when the run comes back and may hear it yet', () => {
    const drive = running();
    drive.send('MESSAGE', { text: 'use tabs' });
    drive.fire('lease');
    const lost = drive.fire('suspect');
    expect(sent(lost)).toContain('RAISE escalation/agent/p1:undelivered');
    const back = drive.send('HEARTBEAT', { epoch: 1, incarnation: 'i1', active: true });
    expect(drive.state).toMatch(/^working/);
    expect(sent(back)).toContain('RESOLVE escalation/agent/p1:undelivered');
    expect(drive.send('MESSAGE_TAKEN', { epoch: 1, id: '1' })).not.toBeNull();
  });

  it('keeps progress from being judged for as long as they have the conversation', () => {
    const drive = running();
    drive.send('TAKE_OVER');
    expect(Object.keys(drive.timers).sort()).toEqual(['attended', 'lease', 'maxRun']);
    drive.send('GIVE_BACK');
    expect(drive.state).toBe('working.running.active');
    expect(drive.send('GIVE_BACK')).toBeNull();
    drive.send('TAKE_OVER');
    drive.fire('attended');
    expect([drive.state, drive.context.attended]).toEqual(['working.running.active', false]);
  });
});

describe('where it runs', () => {
  const definition = agentDefinition({ ...defaultPolicy, jitter: 0 });
  const hosts = (drive: Drive) =>
    (definition.options.index?.(drive.context as never).links ?? [])
      .filter(({ kind }) => kind === 'hostedBy')
      .map(({ to }) => to.id);
  const assign = (drive: Drive, epoch: number, container?: string) =>
    drive.send('ASSIGN', {
      bead: 'b',
      epoch,
      probe: false,
      maxRunMs: null,
      needs: ['gpu'],
      ...(container && { container }),
    });

  it('is chosen by each dispatch, and its link follows', () => {
    const drive = agent();
    const step = assign(drive, 1, 'x');
    expect(sent(step)).toContain('PLACE container/x');
    expect(step?.sends[0]?.event).toEqual({ type: 'PLACE', epoch: 1, needs: ['gpu'] });
    expect(step?.effects[0]?.params).toMatchObject({ container: 'x', epoch: 1 });
    expect(hosts(drive)).toEqual(['x']);
  });

  it('is where it was when a dispatch does not say, as in a log of before there were several', () => {
    const drive = agent();
    expect(sent(assign(drive, 1))).toContain('PLACE container/local');
  });

  it('is nowhere before its first run in a town that hosts nothing itself', () => {
    const drive = new Drive(definition, { id: 'p1', rig: 'r', role: 'polecat', container: '' });
    expect(hosts(drive)).toEqual([]);
  });

  it('is the one container that it is bound to', () => {
    const drive = new Drive(definition, { id: 'p1', rig: 'r', role: 'polecat', container: 'x', pinned: 'x' });
    expect(assign(drive, 1, 'y')).toBeNull();
    expect(assign(drive, 1, 'x')).not.toBeNull();
  });

  it('does not move an older run: that is stopped, and left, where it is', () => {
    const drive = agent();
    assign(drive, 1, 'x');
    drive.send('HEARTBEAT', { epoch: 1, incarnation: 'one' });
    drive.fire('lease');
    const lost = drive.fire('suspect');
    expect(sent(lost)).toContain('VACATE container/x');
    drive.fire('recycle');
    expect(drive.context.revivable).toBe(true);
    const step = assign(drive, 2, 'y');
    const stops = step?.effects.filter(({ type }) => type === 'stopRun').map(({ params }) => params);
    expect(stops).toMatchObject([{ container: 'x', epoch: 1 }]);
    expect(sent(step)).toContain('PLACE container/y');
    expect(sent(drive.send('HEARTBEAT', { epoch: 2, incarnation: 'other' }))).toContain('RUN.STARTED bead/b');
    expect(sent(drive.send('DONE', { epoch: 2 }))).toContain('VACATE container/y');
  });
});
