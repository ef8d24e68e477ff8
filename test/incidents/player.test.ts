/** The player itself: that it can fail, that its mutations happen, that a file is refused where it is wrong. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../machines/policy.ts';
import { Refused } from '../../src/core/errors.ts';
import { createSimulatedEnv } from '../../src/env/simulated.ts';
import { failureOf } from '../../src/incidents/checks.ts';
import { parseDuration } from '../../src/incidents/durations.ts';
import { Fold } from '../../src/incidents/fold.ts';
import type { PlayedIncident } from '../../src/incidents/format.ts';
import { History, type Row } from '../../src/incidents/history.ts';
import { crashPoints, swaps, unrolled, type Variation } from '../../src/incidents/mutations.ts';
import { parseIncident } from '../../src/incidents/read.ts';
import { replay } from '../../src/incidents/replay.ts';
import { playOne } from '../../src/incidents/suite.ts';
import { Watch } from '../../src/incidents/watch.ts';
import { openMemory } from '../../src/store/memory.ts';

const place = { directory: mkdtempSync(join(tmpdir(), 'yardmaster-player-')), fold: new Fold() };
afterAll(() => rmSync(place.directory, { recursive: true, force: true }));

const incident = (lines: string): PlayedIncident =>
  parseIncident(
    `id: X1\ntitle: a title\nstory: a story\nbeads: [{ id: b1 }]\nuntil: 10m\n${lines}`,
    'x.yaml',
  ) as PlayedIncident;
const play = (one: PlayedIncident, variation: Variation) => replay(one, { variation, ...place });
const simple = incident('script: [{ at: 5m, exit: b1 }]\nexpect: [{ of: bead/b1, ends: closed }]');

function refusalOf(text: string): string {
  try {
    parseIncident(text, 'x.yaml');
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Refused);
    return (thrown as Refused).message;
  }
  return 'it was taken';
}

describe('a file that is wrong', () => {
  const head = 'id: X1\ntitle: t\nstory: s\nuntil: 1m\n';
  it('is told where an unknown key stands, and what was meant', () => {
    const message = refusalOf(`${head}script:\n  - { at: 1s, hartbeat: b1 }\nexpect: [{ count: rows, is: 0 }]\n`);
    expect(message).toContain('x.yaml:6:15');
    expect(message).toContain('did you mean "heartbeat"?');
  });

  it('is told of a duration without a unit, a setting that is none, and a check of no form', () => {
    expect(refusalOf(`${head}script: [{ at: 5, exit: b1 }]\nexpect: [{ count: rows, is: 0 }]`)).toContain(
      'x.yaml:5:16: script[0].at is no duration',
    );
    expect(refusalOf(`${head}policy: { atemptsMax: 2 }\nexpect: [{ count: rows, is: 0 }]`)).toContain('atemptsMax');
    expect(refusalOf(`${head}expect: [{ of: bead/b1 }]`)).toContain('expect[0] is no check that is known');
    expect(refusalOf(`${head}script: [{ at: 1s }]\nexpect: [{ count: rows, is: 0 }]`)).toContain(
      'says not what happens',
    );
  });
});

describe('a replay', () => {
  it('is the same each time', async () => {
    const [one, other] = [await play(simple, { kind: 'plain' }), await play(simple, { kind: 'plain' })];
    expect(one.rows).toEqual(other.rows);
    expect(one.commits).toBe(other.commits);
  });

  it('crashes after the commit that it is told, and the town goes on', async () => {
    const whole = await play(simple, { kind: 'plain' });
    const crashed = await play(simple, { kind: 'crash', commit: 12 });
    expect(crashed.violations).toEqual([]);
    expect(crashed.rows.slice(0, 5)).toEqual(whole.rows.slice(0, 5));
    expect([whole.restarts, crashed.restarts]).toEqual([0, 1]);
    expect(crashed.commits).toBeGreaterThan(whole.commits);
    expect(crashed.stateAt('bead/b1', crashed.end)).toBe('closed.merged');
  });

  it('delivers each outside event twice', async () => {
    const exits = ({ rows }: History) => rows.filter(({ event }) => event.type === 'EXITED').length;
    const told = incident(
      'script: [{ at: 1m, send: { to: bead/b1, event: CANCEL } }]\nexpect: [{ count: rows, atLeast: 1 }]',
    );
    const cancels = ({ rows }: History) => rows.filter(({ event }) => event.type === 'CANCEL').length;
    expect(exits(await play(simple, { kind: 'plain' }))).toBe(1);
    expect(exits(await play(simple, { kind: 'twice' }))).toBe(2);
    expect(cancels(await play(told, { kind: 'twice' }))).toBe(2);
  });

  it('fails when a check does not hold, in each variation, but for checks of the incident as written', async () => {
    const wrong = incident(
      'expect: [{ count: starts, is: 2 }, { of: bead/b1, ends: failed, unmutated: only as written }]',
    );
    const { result, failures } = await playOne(wrong, { mutations: true, crashesMax: 1 }, place);
    expect(result).toBe('fails');
    expect(failures.filter(({ problem }) => problem.includes('1 starts, not 2'))).toHaveLength(4);
    expect(failures.filter(({ problem }) => problem.includes('bead/b1 ends as'))).toHaveLength(1);
  });
});

describe('mutations', () => {
  it('sample commits evenly, or take them all', () => {
    expect(crashPoints(3, 10)).toEqual([1, 2, 3]);
    expect(crashPoints(100, 4)).toEqual([13, 38, 63, 88]);
  });

  it('swap neighbours of different subjects only, or of those that say so', () => {
    const steps = unrolled(
      incident(
        'script: [{ at: 1m, exit: a }, { at: 1m, exit: b }, { at: 1m, done: b }, { at: 5m, exit: c },' +
          ' { at: 5m, commutes: true, exit: d }, { at: 5m, commutes: true, done: d }]\nexpect: [{ count: rows, is: 0 }]',
      ),
    );
    expect(swaps(steps)).toEqual([0, 3, 4]);
  });

  it('reads durations', () => {
    expect(['90s', '1h30m', '0.5s', '5', 'soon'].map(parseDuration)).toEqual([90_000, 5_400_000, 500, null, null]);
  });
});

describe('the watch', () => {
  const row = (before: string, after: string, event: { type: string; epoch?: number }): Row => ({
    ...{ seq: 1, at: 1, t: 1, entity: { machine: 'bead', id: 'b1' }, event, by: 'town', cause: null },
    ...{ before, after, taken: [], definition: 1, rejected: null },
  });
  const seen = (...rows: Row[]) => {
    const history = new History();
    const reads = openMemory({ env: createSimulatedEnv({ seed: 1 }) }).read;
    new Watch({ reads, history, policy: () => defaultPolicy }).committed(rows, 1);
    return history.violations.map(({ problem }) => problem.slice(0, 3));
  };

  it('sees a terminal state that is left, an epoch that is used again, and effort without a bound', () => {
    expect(seen(row('closed.merged', 'open.ready', { type: 'RESET' }))).toEqual(['P12']);
    expect(seen(row('failed.gaveUp', 'open.ready', { type: 'RESET' }))).toEqual(['P12']);
    const dispatch = (epoch: number) => row('open.ready', 'in_progress.starting', { type: 'DISPATCH', epoch });
    expect(seen(dispatch(2), dispatch(2))).toEqual(['P5:']);
    expect(seen(...Array.from({ length: 13 }, (_, index) => dispatch(index + 1)))).toEqual(['P27']);
    const starts = Array.from({ length: 11 }, (_, index) => row('x', 'y', { type: 'RUN.STARTED', epoch: index + 1 }));
    expect(seen(...starts)).toEqual(['P28']);
  });
});

describe('checks', () => {
  it('say what was seen instead', async () => {
    const history = await play(simple, { kind: 'plain' });
    const asked = (check: string) => {
      const [parsed] = incident(`expect: [${check}]`).expect;
      return parsed ? failureOf(parsed, history) : 'no check';
    };
    expect(asked('{ of: bead/b1, is: open, at: 1m }')).toBe('bead/b1 is in_progress.running at T+1m, not open');
    expect(asked('{ of: bead/b1, reaches: closed, by: 4m }')).toContain('does not reach closed by T+4m');
    expect(asked('{ of: bead/b1, never: closed }')).toContain('where it must never be');
    expect(asked('{ of: bead/b1, always: in_progress, from: 1m }')).toContain('not always in_progress');
    expect(asked('{ of: bead/b1, has: { epoch: 7 } }')).toBe('bead/b1 has epoch 1, not 7');
    expect(asked('{ outcomes: b1, are: [failed] }')).toContain('came to completed');
    expect(asked('{ first: { of: bead/b1, enters: closed }, before: { starts: b1 } }')).toContain('is after');
    expect(asked('{ count: starts, while: { of: bead/b1, is: closed }, is: 0 }')).toBeNull();
    expect(asked('{ count: live, bead: b1, is: 1 }')).toBeNull();
  });
});
