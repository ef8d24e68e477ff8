/** The diff of two contexts: complete, minimal, and readable. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../../src/core/types.ts';
import type { Change, Path } from '../../../../src/inspector/app/screens/entity/json-diff.ts';
import {
  changesBetween,
  indexChanges,
  pathKey,
  pathText,
} from '../../../../src/inspector/app/screens/entity/json-diff.ts';

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;

type Holder = Record<string | number, unknown>;

function holderOf(root: Holder, path: Path): Holder {
  return path.slice(0, -1).reduce((at, key) => at[key] as Holder, root);
}

/** Does to `before` what the changes say; removals of array ends last to first. */
function apply(before: JsonValue, changes: readonly Change[]): unknown {
  const root: Holder = { value: structuredClone(before) };
  const ordered = [...changes].sort((a, b) => Number(a.kind === 'removed') - Number(b.kind === 'removed'));
  const removed = ordered.filter(({ kind }) => kind === 'removed').reverse();
  for (const change of [...ordered.filter(({ kind }) => kind !== 'removed'), ...removed]) {
    const path = ['value', ...change.path];
    const holder = holderOf(root, path);
    const key = path.at(-1) as string | number;
    if (change.kind !== 'removed') holder[key] = structuredClone(change.after);
    else if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  }
  return root.value;
}

describe('the diff of two contexts', () => {
  it('has all that is needed to make one of the other', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        expect(apply(before, changesBetween(before, after))).toEqual(after);
      }),
    );
  });

  it('says nothing about equal values, and names nothing that stayed the same', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        expect(changesBetween(before, structuredClone(before))).toEqual([]);
        for (const change of changesBetween(before, after)) {
          if (change.kind === 'changed') expect(change.before).not.toEqual(change.after);
        }
      }),
    );
  });

  it('finds a change by its path, and the values around it', () => {
    const before = { attempts: [{ reason: 'a' }], hook: null };
    const after = { attempts: [{ reason: 'b' }, { reason: 'c' }], hook: null };
    const changes = changesBetween(before, after);
    const index = indexChanges(changes);
    expect(changes.map(({ path, kind }) => `${kind} ${pathText(path)}`)).toEqual([
      'changed attempts[0].reason',
      'added attempts[1]',
    ]);
    expect(index.at.get(pathKey(['attempts', 0, 'reason']))?.kind).toBe('changed');
    expect(index.above.has(pathKey(['attempts']))).toBe(true);
    expect(index.above.has(pathKey(['hook']))).toBe(false);
  });
});
