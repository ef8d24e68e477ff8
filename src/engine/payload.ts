/** Checks that what comes from outside is JSON and small. */
import { Refused } from '../core/errors.ts';
import { findNonJson } from '../core/json.ts';

/** A UTF-16 code unit takes at most this many bytes of UTF-8. */
const BYTES_PER_UNIT_MAX = 3;

/** Throws Refused `invalid` or `too_large`. `what` names the value in the message: `the event PRESS`. */
export function checkPayload(value: unknown, what: string, bytesMax: number): void {
  const found = findNonJson(value, what);
  if (found !== null) {
    throw new Refused(
      'invalid',
      `${found}, which is no JSON: send strings, finite numbers, booleans, lists and objects`,
    );
  }
  if (isSurelySmall(value, bytesMax)) return;
  const text = JSON.stringify(value);
  if (text === undefined || text.length * BYTES_PER_UNIT_MAX <= bytesMax) return;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= bytesMax) return;
  const message = `${what} is ${bytes} bytes of JSON, more than the ${bytesMax} that are taken: send a reference to it`;
  throw new Refused('too_large', message, { bytes, bytesMax });
}

/** Bytes of JSON that a UTF-16 code unit takes at most (`\\u0001`), and a number, true, false or null. */
const BYTES_ESCAPED_MAX = 6;
const BYTES_SCALAR_MAX = 25;

/** True for a flat object of a few short values, as most events are: its text need not be made to be measured. */
function isSurelySmall(value: unknown, bytesMax: number): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  let bytes = 2;
  for (const key of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[key];
    if (typeof field === 'object' && field !== null) return false;
    const length = typeof field === 'string' ? field.length : BYTES_SCALAR_MAX;
    bytes += (key.length + length + 4) * BYTES_ESCAPED_MAX;
  }
  return bytes <= bytesMax;
}
