/** The time that all panels show: a choice that moves with the clock, or two fixed ends from a drawn range. */

export const RANGES = [
  { key: '15m', label: '15 min', ms: 900_000 },
  { key: '1h', label: '1 h', ms: 3_600_000 },
  { key: '6h', label: '6 h', ms: 21_600_000 },
  { key: '24h', label: '24 h', ms: 86_400_000 },
] as const;

export type RangeKey = (typeof RANGES)[number]['key'];
export type TimeRange = { readonly from: number; readonly to: number };

/** A moving range is asked for in steps of this share of it, so that it is one question for many ticks. */
const STEPS = 60;

const isRange = (key: string): key is RangeKey => RANGES.some((range) => range.key === key);
export const rangeKey = (text: string): RangeKey => (isRange(text) ? text : '1h');

/** The range that ends now, moved on in steps. */
export function rangeUntil(key: RangeKey, now: number): TimeRange {
  const { ms } = RANGES.find((range) => range.key === key) ?? RANGES[1];
  const step = ms / STEPS;
  const to = Math.ceil(now / step) * step;
  return { from: to - ms, to };
}

/** What an address asks for: fixed ends, or the range that ends now. */
export function rangeOf(setting: (name: string) => string, now: number): TimeRange {
  return fixedRange(setting('from'), setting('to')) ?? rangeUntil(rangeKey(setting('range')), now);
}

/** The fixed ends in an address; null: there are none, or they are the wrong way round. */
export function fixedRange(from: string, to: string): TimeRange | null {
  const range = { from: Number(from), to: Number(to) };
  return from !== '' && to !== '' && Number.isFinite(range.from) && range.from < range.to ? range : null;
}
