/** Turns what zod found into problems: where it is in the file, what it is, and what to do about it. */
import { z } from 'zod';
import { nearest } from './nearest.ts';
import { type Path, type Problem, type Problems, pathText, shown } from './problems.ts';
import type { Source } from './source.ts';

type Issue = z.core.$ZodIssue;
type Words = Pick<Problem, 'problem' | 'remedy'>;

const NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** Adds the issues of a schema to the problems. */
export function explainIssues(issues: readonly Issue[], schema: z.ZodType, source: Source, problems: Problems): void {
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') explainKeys(issue, schema, source, problems);
    else
      problems.add(() => ({
        ...locate(issue, source),
        path: pathText(issue.path) || 'the file',
        ...words(issue, source),
      }));
  }
}

function locate(issue: Issue, source: Source): { line: number; column: number } {
  return source.locate(issue.path, issue.code === 'invalid_key' ? 'key' : 'value');
}

function explainKeys(
  issue: z.core.$ZodIssueUnrecognizedKeys,
  schema: z.ZodType,
  source: Source,
  problems: Problems,
): void {
  const known = knownKeys(schema, issue.path);
  for (const key of issue.keys) {
    problems.add(() => {
      const meant = nearest(key, known);
      const all = known.length > 0 && known.length <= 12 ? `; known are ${known.join(', ')}` : '';
      return {
        ...source.locate([...issue.path, key], 'key'),
        path: pathText(issue.path) || 'the file',
        problem: `has the unknown key "${shown(key)}"`,
        remedy: meant === null ? `remove it${all}` : `did you mean "${meant}"?`,
      };
    });
  }
}

function words(issue: Issue, source: Source): Words {
  const value = valueAt(source.value, issue.path);
  switch (issue.code) {
    case 'invalid_type':
      return typeWords(issue.expected, value);
    case 'too_big':
      return boundWords(issue.origin, Number(issue.maximum), 'most');
    case 'too_small':
      return boundWords(issue.origin, Number(issue.minimum), 'least');
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

function boundWords(origin: string, bound: number, side: 'most' | 'least'): Words {
  const unit = origin === 'string' ? ' characters' : origin === 'array' ? ' members' : '';
  if (side === 'least' && bound === 1 && unit !== '')
    return { problem: 'is empty', remedy: 'write something, or remove the key' };
  const measure =
    unit === '' ? (side === 'most' ? 'above' : 'below') : side === 'most' ? 'longer than' : 'shorter than';
  return { problem: `is ${measure} ${bound}${unit}`, remedy: `take at ${side} ${bound}${unit}` };
}

/** A message of a schema is a predicate and, after a dash, its remedy. */
function split(message: string): Words {
  const [problem = '', remedy = 'correct it'] = message.split(' — ');
  return { problem, remedy };
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined | null)?.[key], root);
}

/** The keys of the object schema at a path; empty when it is no object. */
function knownKeys(schema: z.ZodType, path: Path): string[] {
  let at: unknown = unwrap(schema);
  for (const key of path) {
    if (at instanceof z.ZodObject) at = unwrap(at.shape[String(key)]);
    else if (at instanceof z.ZodArray) at = unwrap(at.element);
    else return [];
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrap(schema: unknown): unknown {
  let at = schema;
  while (at instanceof z.ZodOptional || at instanceof z.ZodNullable || at instanceof z.ZodDefault) at = at.unwrap();
  return at;
}
