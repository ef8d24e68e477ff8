/**
 * What the API takes. Every object is strict: a key that nothing reads is refused, and so is a value out of its bounds.
 */

import { z } from '@hono/zod-openapi';
import { idPattern, idRule } from '../../town/identifiers.ts';
import { BeadInput, isolationModes, REFERENCE, RigLimits, Runtime, referenceRule } from '../../town/workfile.ts';

const PAGE_MAX = 500;
const BEADS_MAX = 1_000;
const OUTPUT_MAX = 1_048_576;
const MESSAGE_MAX = 8_000;

const line = (max: number) => z.string().min(1).max(max);
const name = z.string().regex(idPattern, { error: `is no id — ${idRule}` });
const anyId = line(512);
const whole = (min: number) => z.coerce.number().int().min(min).openapi({ type: 'integer', minimum: min });
const seq = whole(0);
const limit = z.coerce.number().int().min(1).max(PAGE_MAX).default(50).openapi({ type: 'integer' });
const order = z.enum(['asc', 'desc']);
const after = line(1_024).optional();

export const idPath = z.strictObject({ id: anyId });
export const entityPath = z.strictObject({ machine: line(64), id: anyId });
export const rigPath = z.strictObject({ id: name });
const latestEpoch = z.literal('latest');
/** A run of an agent: its epoch, or `latest`. */
export const runPath = z.strictObject({ id: anyId, epoch: z.union([latestEpoch, whole(1)]) });

export const entityList = z.strictObject({ state: line(256).optional(), limit, after });
export const scopedList = entityList.extend({ rig: line(64).optional(), label: line(64).optional() });
export const timerList = z.strictObject({ entity: anyId.optional(), limit, after });
export const outboxList = timerList.extend({
  status: z.enum(['pending', 'inflight', 'done', 'superseded', 'dead']).optional(),
});
export const historyList = z.strictObject({ from: seq.optional(), limit, order: order.default('asc') });
export const logList = z.strictObject({
  machine: line(64).optional(),
  entity: anyId.optional(),
  type: line(128).optional(),
  rejected: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  from: seq.optional(),
  limit,
  order: order.default('desc'),
});
export const momentQuery = z.strictObject({ seq: whole(1) });
export const outputQuery = z.strictObject({
  maxBytes: z.coerce.number().int().min(1).max(OUTPUT_MAX).default(65_536),
  from: whole(0).optional(),
});
export const outputStreamQuery = z.strictObject({
  from: whole(0).optional(),
  tailBytes: z.coerce.number().int().min(0).max(OUTPUT_MAX).default(65_536),
  raw: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .default(false),
});
export const streamQuery = z.strictObject({
  from: seq.optional(),
  machine: line(64).optional(),
  entity: anyId.optional(),
});

/** A person's words for why. */
export const because = z.strictObject({ reason: line(1_000).optional() });

const bead = BeadInput.extend({ rig: name.optional(), held: z.boolean().optional() }).openapi('NewBead');
/** One bead or many; many are created all together or not at all. */
export const newBeads = z.union([bead, z.array(bead).min(1).max(BEADS_MAX)]);

export const newAgent = z.strictObject({
  id: name,
  rig: name,
  /** The one that its runs are placed in; any that suits when absent. */
  container: name.optional(),
});

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'is no name of an environment variable' });
const reference = z.string().regex(REFERENCE, { error: referenceRule });
const argument = z.string().max(32_768);

/** A rig as it is configured: where its repository is, how its agents are run, how its work is tested. */
export const rigConfig = z.strictObject({
  path: line(4_096),
  branch: line(255).default('main'),
  /** Empty: the runtime of the rig, or of the town, is driven. */
  argv: z.array(argument).max(256).default([]),
  runtime: Runtime.optional(),
  promptBy: z.enum(['stdin', 'argument', 'file']).default('stdin'),
  test: z.array(argument).max(256).default([]),
  merge: z.boolean().default(true),
  env: z.record(variable, z.string().max(65_536)).default({}),
  secrets: z.record(variable, reference).default({}),
  isolation: z.enum(isolationModes).optional(),
  limits: RigLimits.optional(),
  /** A container must have all of them to host its runs. */
  labels: z.array(name).max(20).optional(),
});

/** What rigs that drive an agent runtime have in common; nothing at all takes it away. */
export const runtime = Runtime;

const epoch = z.int().min(1);
const sentence = z.string().max(4_000);

/** What a person says to a run. */
export const newMessage = z.strictObject({ text: z.string().trim().min(1).max(MESSAGE_MAX) });

/** What a run may say of itself. It names no bead: that is known from its token. */
export const runReport = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('heartbeat'), epoch, active: z.boolean().optional() }),
    z.strictObject({ type: z.literal('progress'), epoch, note: sentence.optional() }),
    z.strictObject({
      type: z.literal('usage'),
      epoch,
      tokens: z.int().min(0).max(1e12),
      costUsd: z.number().min(0).max(1e6),
    }),
    z.strictObject({
      type: z.literal('done'),
      epoch,
      /** A run that did not complete its bead says `failed`. */
      result: z.literal('completed').optional(),
      summary: sentence.optional(),
    }),
    z.strictObject({
      type: z.literal('failed'),
      epoch,
      class: z.enum(['transient', 'work', 'permanent', 'config', 'needs_input']),
      reason: sentence.min(1),
    }),
    z.strictObject({ type: z.literal('message_taken'), epoch, id: line(64) }),
  ],
  { error: 'is no report of a run — its type is heartbeat, progress, usage, done, failed or message_taken' },
);
export type RunReport = z.output<typeof runReport>;

/** Any event for any entity; the operator knows what it does. */
export const anyEvent = z.looseObject({ type: line(128) });
