/**
 * What a schema found wrong in a request, as sentences with the place of each: `body[3].title`, `query.limit`.
 */
import type { ZodError } from 'zod';
import { Refused } from '../core/errors.ts';
import { valueAt, wordsOf } from '../town/words.ts';

type Issue = ZodError['issues'][number];
type Finding = { readonly path: string; readonly message: string };

const ERRORS_MAX = 20;
const places: Readonly<Record<string, string>> = { json: 'body', param: 'path', query: 'query', header: 'header' };

/**
 * Refused `invalid` with at most 20 `details.errors`. `target` says where the value came from, as the router does;
 * `data` is what was sent.
 */
export function refuseInvalid(target: string, error: ZodError, data?: unknown): Refused {
  const place = places[target] ?? target;
  const found = error.issues.flatMap((issue) => findings(issue, [], data)).slice(0, ERRORS_MAX);
  const errors = found.map(({ path, message }) => ({ path: `${place}${path}`, message }));
  const first = errors[0];
  const detail = first ? `${first.path} ${first.message}` : `the ${place} is not as described`;
  return new Refused('invalid', detail, { errors });
}

function findings(issue: Issue, above: readonly PropertyKey[], data: unknown): readonly Finding[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return bestBranch(issue.errors).flatMap((inner) => findings(inner as Issue, path, data));
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pathText([...path, key]), message: 'is not known here: remove it' }));
  }
  const { problem, remedy } = wordsOf(issue, valueAt(data, path));
  return [{ path: pathText(path), message: `${problem}: ${remedy}` }];
}

/** Of the forms that a value may have, the one that it tried to have: the first with no complaint about its type. */
function bestBranch<T extends { readonly code: string; readonly path: readonly PropertyKey[] }>(
  branches: readonly (readonly T[])[],
): readonly T[] {
  const isMeant = (branch: readonly T[]) =>
    !branch.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0);
  return branches.find(isMeant) ?? branches[0] ?? [];
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
}
