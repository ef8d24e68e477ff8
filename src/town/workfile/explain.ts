/** Turns what zod found into problems: where it is in the file, what it is, and what to do about it. */
import { z } from 'zod';
import { valueAt, wordsOf } from '../words.ts';
import { nearest } from './nearest.ts';
import { type Path, type Problems, pathText, shown } from './problems.ts';
import type { Source } from './source.ts';

type Issue = z.core.$ZodIssue;

/** Adds the issues of a schema to the problems. */
export function explainIssues(issues: readonly Issue[], schema: z.ZodType, source: Source, problems: Problems): void {
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') explainKeys(issue, schema, source, problems);
    else
      problems.add(() => ({
        ...locate(issue, source),
        path: pathText(issue.path) || 'the file',
        ...wordsOf(issue, valueAt(source.value, issue.path)),
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
