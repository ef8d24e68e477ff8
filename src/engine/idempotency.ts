/** Answers that were given are given again: a request with a key that was seen changes nothing. */
import { Refused } from '../core/errors.ts';
import type { JsonValue } from '../core/types.ts';
import type { Turn } from './turn.ts';

/** What makes two requests the same one. `hash` is the hash of the request's body, made by the caller. */
export type Idempotency = { readonly principal: string; readonly key: string; readonly hash: string };

/**
 * Runs the work once for each key and stores its answer in the same commit; an object's answer comes back with
 * `replayed: true`.
 * Throws Refused `idempotency_mismatch` when the key was used for another body. Refusals are not stored.
 */
export function once<T>(turn: Turn, { principal, key, hash }: Idempotency, work: () => T): T {
  const stored = turn.tx.request(principal, key);
  if (stored === null) {
    const response = work();
    turn.tx.saveRequest({ principal, key, hash, response: (response ?? null) as JsonValue, at: turn.at });
    return response;
  }
  if (stored.hash !== hash) {
    const message = `the idempotency key ${key} was used for another request: use a new key for a new request`;
    throw new Refused('idempotency_mismatch', message, { key });
  }
  const { response } = stored;
  const isObject = typeof response === 'object' && response !== null && !Array.isArray(response);
  return (isObject ? { ...response, replayed: true } : response) as T;
}
