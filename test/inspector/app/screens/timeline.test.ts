/** The timeline of an entity: its bar, its slider, and the rows in sight. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAR_WIDTH, layBar, nearestStop } from '../../../../src/inspector/app/screens/entity/bar.ts';
import { arrived, indexOf, isFailure, LIVE, moved } from '../../../../src/inspector/app/screens/entity/travel.ts';
import { rowsInSight } from '../../../../src/inspector/app/screens/entity/window.ts';

const rowsOf = fc
  .array(
    fc.record({
      wait: fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 90_000_000 })),
      after: fc.constantFrom('idle', 'working.running', 'failed'),
      failed: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    let at = 1_700_000_000_000;
    return steps.map(({ wait, after, failed }, index) => {
      at += wait;
      return { at, after, seq: 10 + index * 3, rejected: failed ? 'no' : null, tone: 'plain' as const };
    });
  });

describe('the bar', () => {
  it('covers its whole width with stretches in order, and no step is out of sight', () => {
    fc.assert(
      fc.property(rowsOf, fc.nat(100_000_000), (rows, later) => {
        const { stretches, stops } = layBar(rows, (rows.at(-1)?.at ?? 0) + later);
        expect(stops.length).toBe(rows.length + 1);
        expect(stops.at(-1)).toBe(BAR_WIDTH);
        for (const [index, stop] of stops.entries()) {
          expect(stop).toBeGreaterThanOrEqual(stops[index - 1] ?? 0);
          expect(stop).toBeLessThanOrEqual(BAR_WIDTH);
        }
        for (const [index, { from, to, state }] of stretches.entries()) {
          expect(from).toBe(stretches[index - 1]?.to ?? 0);
          expect(to).toBeGreaterThan(from);
          expect(state).not.toBe(stretches[index - 1]?.state);
        }
        if (rows.length > 0) expect(stretches.at(-1)?.to).toBe(BAR_WIDTH);
      }),
    );
  });

  it('cuts a night short, marks the cut, and keeps the true times', () => {
    const minute = 60_000;
    const rows = [0, 1, 2, 3, 4, 604, 605].map((at, index) => ({
      at: at * minute,
      after: index === 4 ? 'waiting' : 'working',
    }));
    const { stretches, cut } = layBar(rows, 606 * minute);
    const night = stretches.find(({ state }) => state === 'waiting');
    expect(cut).toBe(true);
    expect(night?.cuts.length).toBe(1);
    expect((night?.to ?? 0) - (night?.from ?? 0)).toBeLessThan(BAR_WIDTH * 0.6);
    expect((night?.endedAt ?? 0) - (night?.startedAt ?? 0)).toBe(600 * minute);
  });

  it('a place on the bar leads to the nearest step, and each step to itself or a twin at the same place', () => {
    fc.assert(
      fc.property(rowsOf, (rows) => {
        const { stops } = layBar(rows, (rows.at(-1)?.at ?? 0) + 1000);
        for (const stop of stops) expect(stops[nearestStop(stops, stop)]).toBe(stop);
        expect(nearestStop(stops, BAR_WIDTH)).toBe(rows.length);
      }),
    );
  });
});

describe('moving in time', () => {
  const moves = fc.array(
    fc.tuple(fc.constantFrom('back', 'forward', 'first', 'last', 'live', 'failure'), fc.boolean()),
    { maxLength: 30 },
  );

  it('always stands on a row or is live, whatever is pressed', () => {
    fc.assert(
      fc.property(rowsOf, moves, (rows, pressed) => {
        const seqs = new Set(rows.map(({ seq }) => seq));
        let travel = LIVE;
        for (const [move, keep] of pressed) {
          travel = moved({ rows, travel }, move, keep);
          if (travel.at !== null) expect(seqs.has(travel.at)).toBe(true);
          if (travel.compare !== null) expect(seqs.has(travel.compare)).toBe(true);
          if (travel.compare !== null) expect(travel.compare).not.toBe(travel.at);
        }
      }),
    );
  });

  it('a step back and a step forward lead to where one was', () => {
    fc.assert(
      fc.property(rowsOf, fc.nat(70), (rows, index) => {
        fc.pre(rows.length > 0);
        const there = arrived({ rows, travel: LIVE }, Math.min(rows.length, Math.max(1, index)));
        expect(moved({ rows, travel: moved({ rows, travel: there }, 'back') }, 'forward')).toEqual(there);
      }),
    );
  });

  it('older rows loaded above do not move the place looked at', () => {
    fc.assert(
      fc.property(rowsOf, fc.nat(60), (rows, index) => {
        fc.pre(rows.length > 1);
        const half = rows.slice(Math.floor(rows.length / 2));
        const { at } = arrived({ rows: half, travel: LIVE }, Math.min(index, half.length - 1));
        expect(rows[indexOf(rows, at)]?.seq).toBe(half[indexOf(half, at)]?.seq);
      }),
    );
  });

  it('walks all failures in order and begins again', () => {
    fc.assert(
      fc.property(rowsOf, (rows) => {
        const failures = rows.filter(isFailure);
        fc.pre(failures.length > 0);
        const walked: (number | null)[] = [];
        let travel = LIVE;
        for (const _ of failures) {
          travel = moved({ rows, travel }, 'failure');
          walked.push(travel.at);
        }
        expect(walked).toEqual(failures.map(({ seq }) => seq));
        expect(moved({ rows, travel }, 'failure').at).toBe(failures[0]?.seq);
      }),
    );
  });

  it('keeps the first end of a comparison while the other moves, and drops it with the next plain move', () => {
    const rows = [1, 2, 3, 4].map((seq) => ({ seq, rejected: null, tone: 'plain' as const }));
    const one = moved({ rows, travel: { at: 2, compare: null } }, 'forward', true);
    const two = moved({ rows, travel: one }, 'forward', true);
    expect(two).toEqual({ at: 4, compare: 2 });
    expect(moved({ rows, travel: two }, 'back')).toEqual({ at: 3, compare: null });
  });
});

describe('rows in sight', () => {
  it('draws what is in sight and keeps the height of the whole', () => {
    fc.assert(
      fc.property(fc.nat(40_000), fc.nat(2_000_000), fc.integer({ min: 20, max: 900 }), (count, scrollTop, height) => {
        const rowHeight = 28;
        const { first, end, above, below } = rowsInSight(count, { scrollTop, height, rowHeight });
        expect(above + (end - first) * rowHeight + below).toBe(count * rowHeight);
        expect(end - first).toBeLessThanOrEqual(Math.ceil(height / rowHeight) + 24);
        const seen = Math.min(scrollTop, Math.max(0, count * rowHeight - height));
        expect(above).toBeLessThanOrEqual(seen);
        expect(end * rowHeight).toBeGreaterThanOrEqual(Math.min(count * rowHeight, seen + height));
      }),
    );
  });
});
