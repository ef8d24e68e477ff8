/** How the town's handlers read what a chart asked for and say how it went. */
import type { EffectOutcome, JsonValue } from '../core/types.ts';
import type { EffectCall, EffectHandler } from '../scheduler/effect-handler.ts';

export const succeeded = (result: JsonValue = {}): EffectOutcome => ({ kind: 'succeeded', result });

/** A handler's `run` that is given the parameters as the chart named them. */
export function typed<TParams>(
  run: (params: TParams, call: EffectCall) => Promise<EffectOutcome>,
): EffectHandler['run'] {
  return (call) => run(call.params as unknown as TParams, call);
}
