/** The live store: what it shows is what a fetch would show; it survives gaps, restarts and floods without a reload. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Live, type Source } from '../../../src/inspector/app/live.ts';
import type { LogLine, StateCount } from '../../../src/inspector/contract.ts';
import type { StreamMessage } from '../../../src/inspector/contract-stream.ts';

const STATES = ['off', 'on.bright', 'on.flickering'];

/** A log that grows, and what a server would say of it at any position. */
class Log {
  rows: LogLine[] = [];

  add(entity: string, after: string): LogLine {
    const ref = `lamp/${entity}`;
    const before = this.rows.findLast((row) => row.ref === ref)?.after ?? '';
    const seq = this.rows.length + 1;
    const row: LogLine = {
      ...{ seq, at: seq * 10, ref, title: entity, event: 'PRESS', payload: {}, by: 'operator', cause: null },
      ...{ before, after, taken: [], rejected: null, reason: null, tone: 'plain' },
    };
    this.rows.push(row);
    return row;
  }

  counts(seq: number): StateCount[] {
    const where = new Map(this.rows.slice(0, seq).map((row) => [row.ref, row]));
    return STATES.flatMap((state) => {
      const here = [...where.values()].filter(({ after }) => after === state);
      return here.length === 0
        ? []
        : [{ state, count: here.length, oldestSince: Math.min(...here.map(({ at }) => at)) }];
    });
  }
}

const commit = (line: LogLine): StreamMessage => ({ kind: 'commit', line, left: [], entered: [] });

class FakeSource implements Source {
  onopen: Source['onopen'] = null;
  onmessage: Source['onmessage'] = null;
  onerror: Source['onerror'] = null;
  isClosed = false;
  readonly from: number;

  constructor(from: number) {
    this.from = from;
  }

  close(): void {
    this.isClosed = true;
  }

  open = () => this.onopen?.(new Event('open'));
  fail = () => this.onerror?.(new Event('error'));
  tell = (message: StreamMessage) => this.onmessage?.(new MessageEvent('message', { data: JSON.stringify(message) }));
}

/** A store with a log behind it; frames and times pass when the test says so. */
function stage(log: Log) {
  const sources: FakeSource[] = [];
  const frames: (() => void)[] = [];
  const alarms: { ms: number; run: () => void }[] = [];
  const heard: number[] = [];
  let gaps = 0;
  let isDown = false;
  let isLoggedOut = false;
  const live = new Live({
    open: (from) => {
      const source = new FakeSource(from);
      sources.push(source);
      return source;
    },
    probe: async () => {
      if (isDown) throw new TypeError('down');
      return log.rows.length;
    },
    isLoggedOut: () => isLoggedOut,
    onGap: () => {
      gaps += 1;
    },
    onMessages: (messages) => void heard.push(messages.length),
    nextFrame: (run) => void frames.push(run),
    later: (ms, run) => {
      const alarm = { ms, run };
      alarms.push(alarm);
      return () => void alarms.splice(alarms.indexOf(alarm), 1);
    },
    now: () => 0,
  });
  return {
    ...{ live, sources, heard },
    gaps: () => gaps,
    fall: (loggedOut = false) => {
      isDown = true;
      isLoggedOut = loggedOut;
    },
    rise: () => {
      isDown = false;
    },
    source: () => sources.at(-1) as FakeSource,
    frame: () => frames.splice(0).forEach((run) => void run()),
    /** The earliest alarm; the time that it waited, or null. */
    wake: async () => {
      const alarm = alarms.shift();
      alarm?.run();
      await Promise.resolve();
      await Promise.resolve();
      return alarm?.ms ?? null;
    },
    shown: () => {
      const counts = [...(live.counts.value.get('lamp')?.places ?? [])].map(([state, { count }]) => [state, count]);
      return Object.fromEntries(counts);
    },
    truth: () => Object.fromEntries(log.counts(log.rows.length).map(({ state, count }) => [state, count])),
  };
}

async function connected(log: Log) {
  const scene = stage(log);
  scene.live.learn('lamp', log.rows.length, log.counts(log.rows.length));
  await scene.live.start();
  scene.source().open();
  return scene;
}

const steps = fc.array(fc.record({ entity: fc.constantFrom('a', 'b', 'c', 'd'), to: fc.constantFrom(...STATES) }), {
  maxLength: 40,
});

describe('the live store', () => {
  it('shows after deltas from n to m what a fetch at m tells, whenever fetches come in between', () => {
    const plan = fc.record({ before: steps, after: steps, fetchAt: fc.array(fc.nat(80), { maxLength: 4 }) });
    return fc.assert(
      fc.asyncProperty(plan, async ({ before, after, fetchAt }) => {
        const log = new Log();
        for (const { entity, to } of before) log.add(entity, to);
        const scene = await connected(log);
        for (const { entity, to } of after) {
          scene.source().tell(commit(log.add(entity, to)));
          if (log.rows.length % 3 === 0) scene.frame();
          // An answer that was read some rows ago comes late.
          for (const at of fetchAt.filter((seq) => seq === log.rows.length)) {
            const seq = Math.max(before.length, at - 2);
            scene.live.learn('lamp', seq, log.counts(seq));
          }
        }
        scene.frame();
        expect(scene.shown()).toEqual(scene.truth());
        expect(scene.live.seq.value).toBe(log.rows.length);
      }),
    );
  });

  it('draws a burst once per frame', async () => {
    const log = new Log();
    const scene = await connected(log);
    for (let index = 0; index < 50; index += 1) scene.source().tell(commit(log.add(`l${index}`, 'off')));
    expect(scene.shown()).toEqual({});
    scene.frame();
    expect(scene.shown()).toEqual({ off: 50 });
    expect(scene.heard).toEqual([50]);
    expect(scene.live.flashes.value).toHaveLength(50);
  });

  it('fetches again when a row is missing', async () => {
    const log = new Log();
    const scene = await connected(log);
    const before = scene.gaps();
    log.add('a', 'off');
    scene.source().tell(commit(log.add('b', 'off')));
    scene.frame();
    expect(scene.gaps()).toBe(before + 1);
  });

  it('takes up a lost connection where it was, and waits longer each time that it fails', async () => {
    const log = new Log();
    const scene = await connected(log);
    scene.source().tell(commit(log.add('a', 'off')));
    scene.frame();
    scene.fall();
    scene.source().fail();
    expect(scene.live.freshness.value.kind).toBe('reconnecting');
    expect([await scene.wake(), await scene.wake(), await scene.wake()]).toEqual([500, 1000, 2000]);
    log.add('a', 'on.bright');
    scene.rise();
    await scene.wake();
    scene.source().open();
    expect(scene.source().from).toBe(1);
    expect(scene.live.freshness.value.kind).toBe('live');
    scene.source().tell(commit(log.rows[1] as LogLine));
    scene.frame();
    expect(scene.shown()).toEqual({ 'on.bright': 1 });
  });

  it('forgets everything when the log that comes back is another, shorter one', async () => {
    const log = new Log();
    for (const entity of ['a', 'b', 'c']) log.add(entity, 'off');
    const scene = await connected(log);
    scene.source().fail();
    log.rows = [];
    log.add('z', 'on.bright');
    await scene.wake();
    scene.source().open();
    scene.live.learn('lamp', 1, log.counts(1));
    expect(scene.source().from).toBe(1);
    expect(scene.shown()).toEqual({ 'on.bright': 1 });
    expect(scene.live.seq.value).toBe(1);
  });

  it('takes the counts of a sample as they are told', async () => {
    const log = new Log();
    const scene = await connected(log);
    for (let index = 0; index < 30; index += 1) log.add(`l${index}`, 'off');
    const machines = [{ machine: 'lamp', counts: log.counts(30) }];
    scene.source().tell({ kind: 'sample', seq: 30, now: 0, machines, rows: 30 });
    scene.source().tell(commit(log.add('l0', 'on.bright')));
    scene.frame();
    expect(scene.shown()).toEqual(scene.truth());
  });

  it('says when the login has run out, and does not ask on', async () => {
    const scene = await connected(new Log());
    scene.fall(true);
    scene.source().fail();
    await scene.wake();
    expect(scene.live.freshness.value.kind).toBe('loggedOut');
    expect(await scene.wake()).toBeNull();
  });

  it('stands still while it is paused', async () => {
    const log = new Log();
    const scene = await connected(log);
    scene.live.pause();
    scene.source().tell(commit(log.add('a', 'off')));
    scene.frame();
    expect(scene.shown()).toEqual({});
    expect(scene.source().isClosed).toBe(true);
  });

  it('tells when it shows the position of a receipt', async () => {
    const log = new Log();
    const scene = await connected(log);
    let isThere = false;
    const reached = scene.live.reached(1).then(() => {
      isThere = true;
    });
    await Promise.resolve();
    expect(isThere).toBe(false);
    scene.source().tell(commit(log.add('a', 'off')));
    scene.frame();
    await reached;
  });
});
