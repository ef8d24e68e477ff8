/** The event by which a machine hears how an effect ended. */
import type { EffectOutcome, EngineEvent, JsonObject } from '../core/types.ts';
import type { EffectRow } from '../store/port.ts';

/** The type of the effects by which promises are invoked. */
export const INVOKE = 'invoke';

/** Params of an effect of the type {@link INVOKE}. */
export type InvokeParams = { readonly id: string; readonly src: string; readonly input: EffectRow['params'] };

export function invokeParams(effect: EffectRow): InvokeParams {
  return effect.params as unknown as InvokeParams;
}

/**
 * `effect.<type>.succeeded {result}`, `.refused {reason, permanent, details}`, `.unanswered {cause}`, each with
 * `params` and `key`.
 * Of an invoked promise: `xstate.done.actor.<id> {output}` or `xstate.error.actor.<id> {error}`.
 */
export function outcomeEvent(effect: EffectRow, outcome: EffectOutcome): EngineEvent {
  if (effect.type === INVOKE) return invokeEvent(invokeParams(effect).id, outcome);
  const { kind, ...fields } = outcome;
  const about: JsonObject = { params: effect.params, key: effect.key };
  const said: JsonObject = kind === 'succeeded' ? { result: null, ...fields } : fields;
  return { type: `effect.${effect.type}.${kind}`, ...said, ...about };
}

function invokeEvent(id: string, outcome: EffectOutcome): EngineEvent {
  if (outcome.kind === 'succeeded')
    return { type: `xstate.done.actor.${id}`, output: outcome.result ?? null, actorId: id };
  const message = outcome.kind === 'refused' ? outcome.reason : outcome.cause;
  return { type: `xstate.error.actor.${id}`, error: { message }, actorId: id };
}
