/**
 * One at a time: calls with the same key run in the order in which they came, whatever becomes of the earlier ones.
 */

const last = new Map<string, Promise<unknown>>();

/** Runs the call after all earlier ones of this key have ended. Resolves or rejects as the call does. */
export function inTurn<T>(key: string, call: () => Promise<T>): Promise<T> {
  const before = last.get(key) ?? Promise.resolve();
  const turn = before.then(call, call);
  last.set(key, turn);
  const forget = () => {
    if (last.get(key) === turn) last.delete(key);
  };
  turn.then(forget, forget);
  return turn;
}
