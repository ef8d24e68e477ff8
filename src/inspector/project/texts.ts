/** What is said in texts: whether an event tells of a failure, and every text masked and of bounded length. */

/** Characters of one text of a payload; the whole is in the entity's own page. */
const TEXT_MAX = 2_000;

/** True for outcomes that are no success, and for promises that failed. */
export function isFailure(type: string): boolean {
  return /^effect\..*\.(?:refused|unanswered)$/.test(type) || type.startsWith('xstate.error.');
}

/** True also for events of the charts that are called a failure by their last word: `RUN.START_FAILED`. */
export function tellsOfFailure(type: string): boolean {
  return isFailure(type) || /(?:^|[._])(?:FAILED|FAILURE|REJECTED|REFUSED|LOST|ERROR)$/.test(type);
}

/** Every text masked and of bounded length. */
export function masked(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') {
    const text = mask(value);
    return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => masked(item, mask));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, mask)]));
}
