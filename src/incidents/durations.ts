/** Durations as people write them in an incident: `90s`, `5m`, `2h`, `1h30m`; and back. */

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const PART = /(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)/gy;

/** Milliseconds of `90s` or `1h 30m`; null when it is no duration. A number without a unit is none, but for 0. */
export function parseDuration(written: unknown): number | null {
  if (written === 0 || written === '0') return 0;
  if (typeof written !== 'string' || written.trim() === '') return null;
  const text = written.replaceAll(' ', '');
  let sum = 0;
  let end = 0;
  for (const match of text.matchAll(PART)) {
    sum += Number(match[1]) * (unitsMs[match[2] ?? ''] ?? 0);
    end = match.index + match[0].length;
  }
  return end === text.length ? Math.round(sum) : null;
}

/** `T+1h 5m 3s`: an instant of an incident, in milliseconds since its beginning. */
export function instantText(ms: number): string {
  const seconds = ms / 1_000;
  const parts = [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor((seconds % 3_600) / 60), 'm'],
    [Math.round((seconds % 60) * 1_000) / 1_000, 's'],
  ] as const;
  const said = parts.filter(([much]) => much > 0).map(([much, unit]) => `${much}${unit}`);
  return `T+${said.length === 0 ? '0s' : said.join(' ')}`;
}
