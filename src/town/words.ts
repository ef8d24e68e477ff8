/**
 * What a schema found wrong with a value, in words that people use: what it is, and what to do about it. One place for
 * work files, policies, requests and the command line.
 */
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** A predicate about a value, such as `is 99, above 10`, and what to do: `take at most 10`. */
export type Words = { readonly problem: string; readonly remedy: string };

const NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};
/** Longer texts are not repeated. */
const SHOWN_MAX = 40;

/** Texts are never repeated but the names of known values: somebody may have pasted a secret. */
export function wordsOf(issue: Issue, value: unknown): Words {
  if (issue.message.includes(' — ')) return split(issue.message);
  switch (issue.code) {
    case 'invalid_type':
      return typeWords(issue.expected, value);
    case 'too_big':
      return boundWords(issue.origin, { bound: Number(issue.maximum), side: 'most', value });
    case 'too_small':
      return boundWords(issue.origin, { bound: Number(issue.minimum), side: 'least', value });
    case 'invalid_value':
      return {
        problem: 'is none of the values that are known',
        remedy: `write one of ${issue.values.map(String).join(', ')}`,
      };
    case 'invalid_key':
      return split(issue.issues[0]?.message ?? issue.message);
    default:
      return split(issue.message);
  }
}

/** The same in one sentence, after where it is: `attemptsMax is 99, above 10: take at most 10`. */
export function sentenceOf(where: string, issue: Issue, root: unknown): string {
  const { problem, remedy } = wordsOf(issue, valueAt(root, issue.path));
  return `${where} ${problem}: ${remedy}`;
}

/** What is at a path of a value; undefined when nothing is. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined | null)?.[key], root);
}

function typeWords(expected: string, value: unknown): Words {
  const wanted = NAMES[expected] ?? expected;
  if (value === undefined) return { problem: 'is missing', remedy: `give it ${wanted}` };
  if (value === null) return { problem: 'is empty', remedy: `give it ${wanted}, or remove the key` };
  const remedy = expected === 'string' && typeof value !== 'object' ? 'put it in quotes' : `make it ${wanted}`;
  return { problem: `is ${kind(value)}, not ${wanted}`, remedy };
}

function kind(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (Number.isInteger(value)) return 'a whole number';
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : 'not finite';
  return NAMES[typeof value] ?? typeof value;
}

type Bound = { readonly bound: number; readonly side: 'most' | 'least'; readonly value: unknown };

function boundWords(origin: string, { bound, side, value }: Bound): Words {
  const unit = origin === 'string' ? ' characters' : origin === 'array' ? ' members' : '';
  if (side === 'least' && bound === 1 && unit !== '')
    return { problem: 'is empty', remedy: 'write something, or remove the key' };
  const given = unit === '' ? shownNumber(value) : '';
  const measure =
    unit === '' ? (side === 'most' ? 'above' : 'below') : side === 'most' ? 'longer than' : 'shorter than';
  return { problem: `is ${given}${measure} ${bound}${unit}`, remedy: `take at ${side} ${bound}${unit}` };
}

/** A number, or a text that is one, as queries have them. */
function shownNumber(value: unknown): string {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  return text !== '' && text.length <= SHOWN_MAX && Number.isFinite(Number(text)) ? `${text}, ` : '';
}

/** A message of a schema is a predicate and, after a dash, its remedy. */
function split(message: string): Words {
  const [problem = '', remedy = 'correct it'] = message.split(' — ');
  return { problem, remedy };
}
