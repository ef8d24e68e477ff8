/**
 * What a work file and a bead's input may hold: keys, types and bounds. What beads mean to each other is checked in
 * `relations.ts`. A message is a predicate and, after a dash, its remedy.
 */
import { z } from 'zod';
import { beadLimitsSchema } from '../../../machines/policy.ts';
import { idPattern, idRule } from '../identifiers.ts';
import { REFERENCE, Runtime } from './runtime-schema.ts';

export const BEADS_MAX = 100_000;
const TEXT_BYTES_MAX = 64 * 1024;
const CONTROL = /\p{Cc}/u;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => value.trim() !== '', { error: 'is blank — write something' })
    .refine((value) => !CONTROL.test(value), {
      error: 'has a line break or another control character — keep to one line',
    });

const text = z
  .string()
  .refine((value) => value.length * 3 <= TEXT_BYTES_MAX || new TextEncoder().encode(value).length <= TEXT_BYTES_MAX, {
    error: 'is longer than 64 KiB — keep the details in a file of the repository and name it',
  })
  .refine((value) => !value.includes('\0'), { error: 'has a NUL character — remove it' });

const variable = z.string().regex(VARIABLE, {
  error: 'is no name of an environment variable — use letters, digits and "_"',
});

const unrepeated = (names: readonly string[]) => names.length < 2 || new Set(names).size === names.length;

/** The id of a bead: it becomes a part of branch names and paths. */
export const BeadId = z.string().regex(idPattern, { error: `is no id — ${idRule}` });

/** A bead as a person writes it, in a work file or over HTTP. Unknown keys are refused. */
export const BeadInput = z.strictObject({
  /** Without one, the town makes one. */
  id: BeadId.optional(),
  title: line(200),
  body: text.default(''),
  /** 0 comes first, 4 last. */
  priority: z.number().int().min(0).max(4).default(2),
  labels: z.array(line(64)).max(20).refine(unrepeated, { error: 'names one twice — name it once' }).default([]),
  dependsOn: z.array(BeadId).max(1_000).refine(unrepeated, { error: 'names one twice — name it once' }).default([]),
  policy: beadLimitsSchema.optional(),
});
export type BeadInput = z.output<typeof BeadInput>;

/** How much the runs of a rig are to be isolated. */
export const isolationModes = ['auto', 'required', 'off'] as const;

/** What each process of a run may use. */
export const RigLimits = z.strictObject({
  memoryMb: z.int().min(64).max(1_048_576).optional(),
  processes: z.int().min(8).max(1_000_000).optional(),
  cpuSeconds: z.int().min(1).max(2_592_000).optional(),
  openFiles: z.int().min(32).max(1_000_000).optional(),
  fileMb: z.int().min(1).max(1_048_576).optional(),
});

const Rig = z.strictObject({
  repo: line(4_096).optional(),
  branch: line(255).optional(),
  agent: line(4_096).optional(),
  /** In place of `agent`. */
  runtime: Runtime.optional(),
  prompt: z.enum(['stdin', 'argument', 'file']).optional(),
  test: line(4_096).optional(),
  /** Plain values for the agents' environment. */
  env: z.record(variable, text).optional(),
  /** For the agents' environment: where the values are, never what they are. */
  secrets: z
    .record(
      variable,
      z.string().regex(REFERENCE, {
        error: 'is no reference to a secret (its value is not shown) — write env:NAME or file:path',
      }),
    )
    .optional(),
  isolation: z.enum(isolationModes).optional(),
  limits: RigLimits.optional(),
  /** A container must have all of them to host its runs. */
  labels: z.array(BeadId).max(20).refine(unrepeated, { error: 'names one twice — name it once' }).optional(),
});

/** The whole file. `policy` has to refuse unknown keys by itself. */
export function workFileSchema<P>(policy: z.ZodType<P>) {
  return z.strictObject({
    town: line(64).optional(),
    rig: Rig.optional(),
    policy: policy.optional(),
    /** How many polecats. */
    agents: z.number().int().min(1).max(10_000).optional(),
    beads: z.array(BeadInput).max(BEADS_MAX).default([]),
  });
}

/** What a work file says, with the defaults of beads filled in and nothing else. */
export type WorkFile<P = unknown> = Omit<z.output<ReturnType<typeof workFileSchema<P>>>, 'policy'> & {
  readonly policy?: P | undefined;
};
