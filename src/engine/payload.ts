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
  const text = JSON.stringify(value);
  if (text === undefined || text.length * BYTES_PER_UNIT_MAX <= bytesMax) return;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= bytesMax) return;
  const message = `${what} is ${bytes} bytes of JSON, more than the ${bytesMax} that are taken: send a reference to it`;
  throw new Refused('too_large', message, { bytes, bytesMax });
}
