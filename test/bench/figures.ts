/** Medians, quantiles, and lines of a report. */

/** The middle of the values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** `12,345` or `0.62`. */
export function figure(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(2);
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One line: what, how much, and the goal where there is one. */
export function report(what: string, value: string, goal = ''): void {
  print(`${what.padEnd(58)} ${value.padStart(16)}${goal === '' ? '' : `   goal ${goal}`}`);
}
