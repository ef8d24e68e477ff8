/** What changed between two JSON values, as a list of paths: for the context of an entity before and after a step. */
import type { JsonObject, JsonValue } from '../../../../core/types.ts';

/** Where in a value: the keys of objects and the positions of arrays from the outside in. */
export type Path = readonly (string | number)[];

/** One difference. `added` has no before, `removed` no after. */
export type Change =
  | { readonly path: Path; readonly kind: 'added'; readonly after: JsonValue }
  | { readonly path: Path; readonly kind: 'removed'; readonly before: JsonValue }
  | { readonly path: Path; readonly kind: 'changed'; readonly before: JsonValue; readonly after: JsonValue };

/** Changes by the text of their path, for a tree that draws each value once. */
export type ChangeIndex = { readonly at: ReadonlyMap<string, Change>; readonly above: ReadonlySet<string> };

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const isArray = (value: JsonValue | undefined): value is readonly JsonValue[] => Array.isArray(value);

/** The smallest set of differences: what stayed the same is never named. In document order of `after`. */
export function changesBetween(before: JsonValue, after: JsonValue, path: Path = []): readonly Change[] {
  if (Object.is(before, after)) return [];
  if (isArray(before) && isArray(after)) return keyed(before.entries(), after.entries(), path);
  if (isObject(before) && isObject(after)) return keyed(Object.entries(before), Object.entries(after), path);
  return [{ path, kind: 'changed', before, after }];
}

type Entries = Iterable<readonly [string | number, JsonValue | undefined]>;

function keyed(before: Entries, after: Entries, path: Path): readonly Change[] {
  const old = new Map(present(before));
  const fresh = new Map(present(after));
  const kept = [...fresh].flatMap(([key, value]): readonly Change[] => {
    const was = old.get(key);
    if (was === undefined) return [{ path: [...path, key], kind: 'added', after: value }];
    return changesBetween(was, value, [...path, key]);
  });
  const gone = [...old].filter(([key]) => !fresh.has(key));
  return [...kept, ...gone.map(([key, value]): Change => ({ path: [...path, key], kind: 'removed', before: value }))];
}

function* present(entries: Entries): Iterable<readonly [string | number, JsonValue]> {
  for (const [key, value] of entries) if (value !== undefined) yield [key, value];
}

export const pathKey = (path: Path): string => JSON.stringify(path);

/** A path as people write it: `attempts[2].reason`. */
export function pathText(path: Path): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return text.startsWith('.') ? text.slice(1) : text;
}

/** Looks changes up by path; `above` has every path that holds a change somewhere inside. */
export function indexChanges(changes: readonly Change[]): ChangeIndex {
  const at = new Map(changes.map((change) => [pathKey(change.path), change]));
  const above = new Set(changes.flatMap(({ path }) => path.map((_, depth) => pathKey(path.slice(0, depth)))));
  return { at, above };
}
