/**
 * Runs the promise that a machine invokes, outside of any step. The engine calls it when the effect `invoke` is due.
 */
import { type AnyActorLogic, createActor, toPromise } from 'xstate';
import type { Definition } from './define.ts';
import { Refused, Terminal } from './errors.ts';
import { findNonJson } from './json.ts';
import type { JsonValue } from './types.ts';

/**
 * The promise's result; undefined becomes null.
 * @param invoke `src` as the machine names it, and the resolved `input`.
 * @throws whatever the promise throws; the signal's reason once it is aborted; Terminal when the result is not JSON;
 * Refused `not_found` when the machine has no such actor.
 */
export async function runInvoke(
  definition: Definition,
  invoke: { readonly src: string; readonly input: JsonValue },
  signal: AbortSignal,
): Promise<JsonValue> {
  const logic = definition.machine.implementations.actors[invoke.src] as AnyActorLogic | undefined;
  if (logic === undefined) {
    throw new Refused(
      'not_found',
      `machine '${definition.name}' has no actor '${invoke.src}'; add it in setup({ actors })`,
    );
  }
  signal.throwIfAborted();
  const actor = createActor(logic, { input: invoke.input });
  const stop = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: finished(actor) });
  });
  try {
    const result = toPromise(actor);
    actor.start();
    return asJson(definition, invoke.src, await Promise.race([result, stop]));
  } finally {
    actor.stop();
  }
}

/** Aborts when the actor has ended, so that no listener stays on the caller's signal. */
function finished(actor: { subscribe(observer: { complete(): void; error(): void }): unknown }): AbortSignal {
  const controller = new AbortController();
  actor.subscribe({ complete: () => controller.abort(), error: () => controller.abort() });
  return controller.signal;
}

function asJson(definition: Definition, src: string, result: unknown): JsonValue {
  const lost = findNonJson(result ?? null, 'the result');
  if (lost === null) return (result ?? null) as JsonValue;
  throw new Terminal(`invoke '${src}' of machine '${definition.name}': ${lost}; return plain values`);
}
