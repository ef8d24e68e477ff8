/** Series on one axis, their peaks, and ranges of time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixedRange, RANGES, rangeUntil } from '../../../../src/inspector/app/screens/metrics/range.ts';
import { columnsOf, peaksOf, quantity } from '../../../../src/inspector/app/screens/metrics/series.ts';
import { NOW } from './fixtures.ts';

const points = fc
  .uniqueArray(fc.tuple(fc.nat(500), fc.option(fc.nat(1000))), { selector: ([at]) => at, maxLength: 40 })
  .map((pairs) => pairs.sort(([a], [b]) => a - b).map(([at, value]) => [at * 1000, value] as const));
const series = fc.array(
  points.map((given) => ({ name: 'x', unit: 'ms', points: given })),
  { maxLength: 4 },
);

describe('series', () => {
  it('on one axis keep every point, in order of time', () => {
    fc.assert(
      fc.property(series, (given) => {
        const { times, values } = columnsOf(given);
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
        for (const [index, { points: own }] of given.entries()) {
          for (const [at, value] of own) expect(values[index]?.[times.indexOf(at / 1000)]).toBe(value);
        }
      }),
    );
  });

  it('have peaks that are points of theirs, higher than both neighbours', () => {
    fc.assert(
      fc.property(series, (given) => {
        for (const { at, value } of peaksOf(given)) {
          const owner = given.find(({ points: own }) => own.some(([time, height]) => time === at && height === value));
          const known = (owner?.points ?? []).filter(([, height]) => height !== null);
          const index = known.findIndex(([time]) => time === at);
          expect(value).toBeGreaterThan(known[index - 1]?.[1] ?? 0);
          expect(value).toBeGreaterThanOrEqual(known[index + 1]?.[1] ?? 0);
        }
      }),
    );
  });

  it('that are even have no peak', () => {
    const flat = { name: 'x', unit: '', points: [1, 2, 3, 4].map((at) => [at, 5] as const) };
    expect(peaksOf([flat])).toEqual([]);
  });

  it('say their values shortly', () => {
    expect([quantity(1340, 'ms'), quantity(4, '1/min'), quantity(12_400, ''), quantity(0.25, 's')]).toEqual([
      '1.3 s',
      '4/min',
      '12 k',
      '0.25 s',
    ]);
  });
});

describe('ranges of time', () => {
  it('end at or just after now, and are the same question for many ticks', () => {
    for (const { key, ms } of RANGES) {
      const { from, to } = rangeUntil(key, NOW);
      expect(to - from).toBe(ms);
      expect(to).toBeGreaterThanOrEqual(NOW);
      expect(to - NOW).toBeLessThanOrEqual(ms / 60);
    }
  });

  it('in an address hold only when they have two ends in order', () => {
    expect(fixedRange('1', '2')).toEqual({ from: 1, to: 2 });
    for (const [from, to] of [
      ['', '2'],
      ['2', '1'],
      ['x', '2'],
    ] as const) {
      expect(fixedRange(from, to)).toBeNull();
    }
  });
});
