/** Prices. An amount is a whole number of cents, so that sums are exact. */

/** Reads '12.50', '12' or '0.5' and gives cents. */
export function parsePrice(text) {
  const match = /^(\d+)(?:\.(\d{1,2}))?$/.exec(text.trim());
  if (!match) throw new TypeError(`not a price: ${text}`);
  return Number(match[1]) * 100 + Number((match[2] ?? '0').padEnd(2, '0'));
}

/** Writes cents as a price: 1250 is '12.50'. */
export function formatPrice(cents) {
  const whole = Math.floor(cents / 100);
  const rest = cents % 100;
  return `${whole}.${String(rest).padStart(2, '0')}`;
}
