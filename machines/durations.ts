/**
 * Durations as people write them, `90s`, `5m`, `1.5h`: read wherever a setting counts milliseconds or minutes.
 */
import { z } from 'zod';

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90s`, `5min`, `2h` in milliseconds; null when it is no duration. Without a unit it is in milliseconds. */
export function durationMs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)?$/.exec(text.trim());
  return match ? Math.round(Number(match[1]) * (unitsMs[match[2] ?? 'ms'] ?? 1)) : null;
}

/** As short as it is exact, in one unit: `90s`, `15m`, `4h`; what was written is read again as the same. */
export function durationText(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = unitsMs[unit] ?? 1;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/** What a setting is measured in: its name ends with it. */
export type Unit = 'ms' | 'minutes' | 'USD' | 'fraction' | 'count';

const remedy = {
  ms: 'write milliseconds, or a number with its unit, such as 90s, 5m or 2h',
  minutes: 'write minutes, or a number with its unit, such as 90s, 5m or 2h',
} as const;

/** The same setting, which also takes texts with a unit. What is none is refused with what it should be. */
export function withUnits<T extends z.ZodType>(setting: T, unit: 'ms' | 'minutes') {
  return z.preprocess((value, context) => {
    if (typeof value !== 'string') return value;
    const ms = /[a-z]\s*$/.test(value) ? durationMs(value) : null;
    if (ms !== null) return unit === 'ms' ? ms : ms / 60_000;
    context.issues.push({ code: 'custom', input: value, message: `is no duration — ${remedy[unit]}` });
    return z.NEVER;
  }, setting);
}
