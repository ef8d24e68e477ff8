/** Series of a panel as the plotter wants them, and the peaks in them that are worth a click. */
import type { Series } from '../../../contract.ts';

/** One column of times in seconds, ascending, and one column of values for each series. */
export type Columns = { readonly times: readonly number[]; readonly values: readonly (readonly (number | null)[])[] };

/** Brings series with different times on one axis; a series has null where it has no point. */
export function columnsOf(series: readonly Series[]): Columns {
  const times = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const values = series.map(({ points }) => {
    const known = new Map(points);
    return times.map((at) => known.get(at) ?? null);
  });
  return { times: times.map((at) => at / 1000), values };
}

export type Peak = { readonly series: string; readonly unit: string; readonly at: number; readonly value: number };

/** A peak stands out when it is so many times the middle value of its series. */
const OUTSTANDING = 3;

/** The highest points that stand out of their series, one for each hill, the highest share first. */
export function peaksOf(series: readonly Series[], most = 4): readonly Peak[] {
  const all = series.flatMap(({ name, unit, points }) => {
    const known = points.flatMap(([at, value]) => (value === null ? [] : [{ at, value }]));
    const middle = median(known.map(({ value }) => value));
    const hills = known.filter(({ value }, index) => {
      const [before, after] = [known[index - 1]?.value ?? 0, known[index + 1]?.value ?? 0];
      return value > 0 && value > before && value >= after && value >= middle * OUTSTANDING;
    });
    return hills.map(({ at, value }) => ({ series: name, unit, at, value, height: value / Math.max(middle, 1e-9) }));
  });
  const highest = all.sort((a, b) => b.height - a.height || b.value - a.value || b.at - a.at).slice(0, most);
  return highest.map(({ series: name, unit, at, value }) => ({ series: name, unit, at, value }));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** A number with its unit in few characters: `1.3 s`, `42/min`, `12 k`. */
export function quantity(value: number, unit: string): string {
  if (unit === 'ms' && Math.abs(value) >= 1000) return `${short(value / 1000)} s`;
  // "1/min" is what the unit of a rate is called; people read "42/min".
  const suffix = unit === '' ? '' : unit.startsWith('1/') ? unit.slice(1) : ` ${value === 1 ? oneOf(unit) : unit}`;
  return Math.abs(value) >= 10_000 ? `${short(value / 1000)} k${suffix}` : `${short(value)}${suffix}`;
}

/** `beads` are counted, `ms` are not. */
const oneOf = (unit: string) => (unit.length > 3 && unit.endsWith('s') ? unit.slice(0, -1) : unit);

const short = (value: number) =>
  Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(2);
