/** What a host gives the engine to do outside work with, and how its answer is read. */
import { coerceError, Refused, Retryable, Terminal } from '../core/errors.ts';
import { findNonJson } from '../core/json.ts';
import type { EffectOutcome, EntityRef, JsonObject, JsonValue } from '../core/types.ts';

/** One try of an effect. */
export type EffectCall = {
  /** `machine/id#seq#index`, the same for every try: the idempotency key to hand on. */
  readonly key: string;
  readonly entity: EntityRef;
  readonly params: JsonValue;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Aborted at the deadline and when the engine stops. */
  readonly signal: AbortSignal;
};

/**
 * Does the outside work of one type of effect, at least once. Only `{ kind: 'succeeded' }` is a success: `false`,
 * nothing at all
 * or an exception come back to the machine as the outcome that they are.
 * Thrown: Retryable postpones by its `afterMs`; Terminal is refused for good; Refused is refused; anything else is
 * unanswered.
 */
export type EffectHandler = {
  run(call: EffectCall): Promise<EffectOutcome>;
  /** Time until the outcome is `unanswered`, whatever comes later; 60,000 when absent. */
  readonly deadlineMs?: number;
  /** Effects in the same lane, of whatever type, run one at a time and in order. Null: in no lane. */
  readonly lane?: (params: JsonValue) => string | null;
  /** How many of this type run at a time; 16 when absent. */
  readonly concurrency?: number;
  /** Tries until a Retryable counts as unanswered; 5 when absent. */
  readonly attemptsMax?: number;
};

/** How one try ended: with an outcome, or with the wish to be tried again. */
export type Attempted = { readonly outcome: EffectOutcome } | { readonly postponeMs: number; readonly cause: string };

/** Reads an answer. What is no member of the union is no success. */
export function readAnswer(answer: unknown): EffectOutcome {
  if (typeof answer !== 'object' || answer === null) {
    return { kind: 'refused', reason: `handler answered ${String(answer)}`, permanent: false };
  }
  const fields = answer as Record<string, unknown>;
  const lost = findNonJson(answer, 'answer');
  if (lost !== null) return unanswered(`the handler's ${lost}, which is no JSON`);
  const { kind } = fields;
  if (kind === 'succeeded') return answer as EffectOutcome;
  if (kind === 'refused' && typeof fields.reason === 'string' && typeof fields.permanent === 'boolean') {
    return answer as EffectOutcome;
  }
  if (kind === 'unanswered' && typeof fields.cause === 'string') return answer as EffectOutcome;
  return unanswered(`the handler answered ${JSON.stringify(answer).slice(0, 200)}, which is no outcome`);
}

/** Reads an exception. */
export function readThrown(thrown: unknown, attempt: number, attemptsMax: number): Attempted {
  const error = coerceError(thrown);
  if (error instanceof Retryable) {
    if (attempt < attemptsMax) return { postponeMs: error.afterMs, cause: error.message };
    return { outcome: unanswered(`given up after ${attempt} attempts: ${error.message}`) };
  }
  if (error instanceof Terminal) return { outcome: { kind: 'refused', reason: error.message, permanent: true } };
  if (error instanceof Refused) {
    const details: JsonObject = { code: error.code };
    return { outcome: { kind: 'refused', reason: error.message, permanent: false, details } };
  }
  return { outcome: unanswered(error.message) };
}

export function unanswered(cause: string): EffectOutcome {
  return { kind: 'unanswered', cause };
}
