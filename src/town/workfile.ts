/**
 * The work file: a backlog with its rig and policy, in YAML or JSON. A bad file is refused whole, with everything
 * that is wrong in it, each with its line and remedy; a good one is returned as plain values: nothing has happened yet.
 */
import type { z } from 'zod';
import { explainIssues } from './workfile/explain.ts';
import { type Problem, Problems } from './workfile/problems.ts';
import { checkRelations } from './workfile/relations.ts';
import { type WorkFile, workFileSchema } from './workfile/schema.ts';
import { readSource } from './workfile/source.ts';

export { findCycle } from './workfile/cycle.ts';
export type { Problem } from './workfile/problems.ts';
export { REFERENCE, Runtime, referenceRule, toRuntime } from './workfile/runtime-schema.ts';
export { BeadInput, isolationModes, RigLimits, type WorkFile } from './workfile/schema.ts';

const BYTES_MAX = 4 * 1024 * 1024;

/**
 * Parses a work file. `file` is its name for messages; `policy` is the schema of the town's overrides, which has to
 * refuse unknown keys by itself. Secrets are checked to be references; their values are neither read nor printed.
 *
 * @throws Refused `invalid`, with `details.problems` (at most 1,000 {@link Problem}s, in the order of the file).
 */
export function parseWorkFile<P>(text: string, file: string, policy: z.ZodType<P>): WorkFile<P> {
  const problems = new Problems();
  const workFile = read(text, workFileSchema(policy), problems);
  if (workFile === null || problems.count > 0) throw problems.refusal(file);
  return workFile as WorkFile<P>;
}

function read(text: string, schema: z.ZodType<WorkFile>, problems: Problems): WorkFile | null {
  if (text.length > BYTES_MAX || new TextEncoder().encode(text).length > BYTES_MAX) {
    problems.add(() => whole('is larger than 4 MiB', 'split it, or move long bodies to files of the repository'));
    return null;
  }
  const source = readSource(text, problems);
  if (source === null) return null;
  if (source.value === null) {
    problems.add(() => whole('is empty', 'write at least "beads:" and a bead with a title'));
    return null;
  }
  const parsed = schema.safeParse(source.value);
  if (!parsed.success) explainIssues(parsed.error.issues, schema, source, problems);
  checkRelations(source, problems);
  return parsed.success ? parsed.data : null;
}

function whole(problem: string, remedy: string): Problem {
  return { line: 1, column: 1, path: 'the file', problem, remedy };
}
