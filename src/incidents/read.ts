/** Reads incident files: everything that is wrong with one is told at once, with file, line and remedy. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { coerceError, Refused } from '../core/errors.ts';
import { explainIssues } from '../town/workfile/explain.ts';
import { Problems } from '../town/workfile/problems.ts';
import { readSource } from '../town/workfile/source.ts';
import { type Incident, schemaOf } from './format.ts';

/** Parses one incident. `file` is its name for messages. Throws Refused `invalid` with all problems. */
export function parseIncident(text: string, file: string): Incident {
  const problems = new Problems();
  const source = readSource(text, problems);
  if (source !== null) {
    const schema = schemaOf(source.value);
    const parsed = schema.safeParse(source.value);
    if (parsed.success && problems.count === 0) return parsed.data;
    if (!parsed.success) explainIssues(parsed.error.issues, schema, source, problems);
  }
  throw problems.refusal(file);
}

/**
 * All incidents of files and folders, in the order of their ids. Throws Refused `not_found` for a path that is not
 * there, `invalid` for a file that is none or for two incidents of one id.
 */
export function readIncidents(paths: readonly string[]): readonly Incident[] {
  const seen = new Map<string, string>();
  const incidents = paths.flatMap(filesAt).map((file) => {
    const incident = parseIncident(readFileSync(file, 'utf8'), file);
    const earlier = seen.get(incident.id);
    if (earlier) throw new Refused('invalid', `${file} and ${earlier} have one id, ${incident.id}: give one another`);
    seen.set(incident.id, file);
    return incident;
  });
  return incidents.sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
}

function filesAt(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => /\.ya?ml$/.test(name));
    return names.sort().map((name) => join(path, name));
  } catch (thrown) {
    throw new Refused('not_found', `there are no incidents at ${path}: ${coerceError(thrown).message}`);
  }
}
