/** A state as XState writes it, from the leaf states that the log keeps. */
import type { JsonValue } from '../../core/types.ts';

type Tree = { [key: string]: Tree };

/** `open.ready` is `{ open: 'ready' }`; `on.lamp.bright on.door.open` is `{ on: { lamp: 'bright', door: 'open' } }`. */
export function stateValue(state: string): JsonValue {
  const tree: Tree = {};
  for (const leaf of state.split(' ').filter((part) => part !== '')) {
    let at = tree;
    for (const key of leaf.split('.')) {
      const inside = at[key] ?? {};
      at[key] = inside;
      at = inside;
    }
  }
  return written(tree);
}

function written(tree: Tree): JsonValue {
  const entries = Object.entries(tree);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && Object.keys(only[1]).length === 0) return only[0];
  return Object.fromEntries(entries.map(([key, inside]) => [key, written(inside)]));
}
