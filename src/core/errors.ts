/**
 * The four failures, named by their consequence. Whatever is caught at a border is coerced to one of them.
 */

/** Codes of a refusal: what a caller can act on without reading prose. */
export type RefusalCode =
  | 'unknown_entity'
  | 'already_exists'
  | 'not_accepted'
  | 'stale_epoch'
  | 'invalid'
  | 'reserved_event'
  | 'conflict'
  | 'quarantined'
  | 'idempotency_mismatch'
  | 'busy'
  | 'too_large'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'unavailable';

/** The caller's fault or the state's answer: nothing happened. `details` are JSON and safe to show. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** It may work later: try again after `afterMs`. */
export class Retryable extends Error {
  override readonly name = 'Retryable';
  constructor(
    message: string,
    readonly afterMs: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** It will never work as it is: give up, and let the chart hear of it. */
export class Terminal extends Error {
  override readonly name = 'Terminal';
}

/** An assertion of ours failed: stop this entity, keep the log. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

/** Throws a {@link Bug} with the sentence when the condition does not hold. Stays on in production. */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Bug(sentence);
}

/** Anything that was thrown, as an Error with a message. */
export function coerceError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Bug(`something that is no Error was thrown: ${String(thrown)}`);
}
