/**
 * What a town and a runner say to one another, over HTTP: the runner asks, so it may be behind a router. It registers,
 * fetches orders by long polls, answers them, and reports what its runs do.
 *
 * Invariants
 * - P1 Orders are numbered within a registration, and never given out under another number: an answer that was lost is
 *   asked for again, and the runner answers from memory.
 * - P2 A registration ends when another one of the same runner begins: what is sent under the earlier one is refused,
 *   but for the ends of its runs, which are facts.
 */
import { z } from 'zod';
import type { Evidence, RunProfile, RunReport, RunSpec } from '../agents/port.ts';
import type { RefusalCode } from '../core/errors.ts';

/** Raised when a town and a runner of different versions would misunderstand one another. */
export const PROTOCOL = 1;
/** What a bundle of git is called on the wire. */
export const BUNDLE_TYPE = 'application/x-git-bundle';
export const RUN_BRANCHES_MAX = 10;

/** Everything that the port says of it: a field that is missing here would be refused when it comes. */
type Shape<T> = Record<keyof T, z.ZodType>;

const BATCH_MAX = 500;
const line = (max: number) => z.string().min(1).max(max);
const hex = z.string().regex(/^[0-9a-f]{8,64}$/, { error: 'is no id of a registration or a process' });
const commit = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, { error: 'is no commit id' });
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, { error: 'is no id' });
const epoch = z.int().min(1);
const run = { agent: name, epoch };
const incarnation = line(256);

// The runner's side -----------------------------------------------------------------------------------------------

export const registerRequest = z.strictObject({
  protocol: z.int().min(1),
  /** Of the process, drawn at its start. */
  process: hex,
  /** Stays as long as runs of it can be alive: a runner that is started again has the one before. */
  incarnation,
  labels: z.array(name).max(50),
  /** How many runs at a time; null: any number. */
  slots: z.int().min(0).max(10_000).nullable(),
  version: line(64),
  /** It takes no more runs: it was told to end while the town was away. */
  draining: z.boolean().default(false),
});
export type RegisterRequest = z.output<typeof registerRequest>;

export const registered = z.object({
  registration: hex,
  town: z.string(),
  heartbeatMs: z.int().min(1),
  /** The incarnation that this one takes the place of, where it is another one. */
  replaces: z.string().nullable(),
});
export type Registered = z.output<typeof registered>;

const failure = z.strictObject({
  kind: z.enum(['refused', 'retryable', 'terminal', 'bug']),
  code: line(64).optional(),
  message: z.string().max(16_384),
});
export type OrderFailure = z.output<typeof failure> & { readonly code?: RefusalCode | undefined };

const answer = z.strictObject({
  number: z.int().min(1),
  result: z.unknown().optional(),
  failure: failure.optional(),
});
export type OrderAnswer = { readonly number: number; readonly result?: unknown; readonly failure?: OrderFailure };
export const answersRequest = z.strictObject({ registration: hex, answers: z.array(answer).min(1).max(BATCH_MAX) });

export const evidence = z.strictObject({
  branch: line(255),
  base: commit,
  head: commit,
  commits: z.int().min(0),
  inherited: z.int().min(0).optional(),
  checkpointed: z.boolean(),
} satisfies Shape<Evidence>);

const heartbeat = z.strictObject({
  kind: z.literal('heartbeat'),
  ...{ ...run, incarnation, active: z.boolean().optional(), at: z.int() },
} satisfies Shape<Extract<RunReport, { kind: 'heartbeat' }>>);
const exited = z.strictObject({
  kind: z.literal('exited'),
  ...{ ...run, incarnation, code: z.int().nullable(), signal: line(32).nullable() },
  evidence: evidence.nullable(),
  tail: z.string().max(16_384),
} satisfies Shape<Extract<RunReport, { kind: 'exited' }>>);
export const reportsRequest = z.strictObject({
  registration: hex,
  reports: z.array(z.discriminatedUnion('kind', [heartbeat, exited])).max(BATCH_MAX),
});
export type ReportsRequest = z.output<typeof reportsRequest>;

/** Of the heartbeats, those of runs that nobody waits for. */
export const reported = z.object({ unwanted: z.array(z.object(run)) });
export type Reported = z.output<typeof reported>;

/** `now`: what still runs is about to be ended, so it is given up without being charged. */
export const drainRequest = z.strictObject({ registration: hex, now: z.boolean() });

export const ordersQuery = z.strictObject({ registration: hex, after: z.coerce.number().int().min(0) });
export const registrationQuery = z.strictObject({ registration: hex });
export const attemptQuery = z.strictObject({ base: commit, head: commit });
export const bundleQuery = z.strictObject({
  bead: name,
  /** Commits that the runner has, separated by commas. */
  have: z
    .string()
    .max(8_192)
    .default('')
    .transform((text) => text.split(',').filter((part) => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(part))),
});

// The town's side -------------------------------------------------------------------------------------------------

/** What of a repository a run needs: refs by their whole names, and the commits that they are to be at. */
const source = z.object({
  format: z.enum(['sha1', 'sha256']),
  heads: z.array(z.object({ name: line(512), commit })),
});
export type Source = z.output<typeof source>;

/** As the town's own container gets it, but for the path of the repository. */
const runSpec = z.looseObject({ ...run, bead: name, rig: name }) as unknown as z.ZodType<RunSpec>;
const runProfile = z.looseObject({ rig: name }) as unknown as z.ZodType<RunProfile>;
const grace = { ...run, graceMs: z.int().min(0) };

export const order = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), run: runSpec, source }),
  z.object({ kind: z.literal('stop'), ...grace }),
  z.object({ kind: z.literal('probe'), ...run }),
  z.object({ kind: z.literal('finish'), ...grace }),
  z.object({
    kind: z.literal('readOutput'),
    ...{ ...run, fromByte: z.int().min(0).optional(), maxBytes: z.int().min(1) },
  }),
  z.object({ kind: z.literal('setHeartbeat'), everyMs: z.int().min(1) }),
  z.object({ kind: z.literal('readiness'), profile: runProfile, source }),
  z.object({ kind: z.literal('list') }),
  z.object({ kind: z.literal('health') }),
  z.object({ kind: z.literal('isolation') }),
  z.object({ kind: z.literal('release') }),
]);
export type Order = z.output<typeof order>;
export type OrderOf<K extends Order['kind']> = Extract<Order, { kind: K }>;

export const orders = z.object({ orders: z.array(z.object({ number: z.int().min(1), order })) });
/** As a runner reads it: an order that it does not know is answered, and keeps no other from being done. */
export const numbered = z.object({ orders: z.array(z.object({ number: z.int().min(1), order: z.unknown() })) });
export type NumberedOrder = { readonly number: number; readonly order: Order };

/** What the answer to each kind of order holds. */
export const results = {
  start: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('accepted'),
      ...{ incarnation, branch: line(255), alreadyRunning: z.boolean().optional() },
    }),
    z.object({
      kind: z.literal('refused'),
      ...{ reason: z.string(), permanent: z.boolean(), scope: z.literal('rig').optional() },
    }),
    z.object({ kind: z.literal('unknown'), cause: z.string() }),
  ]),
  stop: z.enum(['stopped', 'gone']),
  probe: z.enum(['running', 'absent', 'unknown']),
  finish: evidence.nullable(),
  readOutput: z.object({ text: z.string(), fromByte: z.int(), nextByte: z.int(), endByte: z.int() }).nullable(),
  setHeartbeat: z.null(),
  list: z.array(z.object(run)),
  health: z.object({ incarnation }),
  readiness: z.union([
    z.object({ ready: z.literal(true) }),
    z.object({ ready: z.literal(false), permanent: z.boolean(), reason: z.string() }),
  ]),
  isolation: z.object({ available: z.boolean(), reason: z.string().nullable() }),
  release: z.null(),
} as const satisfies Record<Order['kind'], z.ZodType>;
export type ResultOf<K extends Order['kind']> = z.output<(typeof results)[K]>;
