/**
 * The format of an incident file: a world, a script of what happens to it, and what has to hold. docs/INCIDENTS.md
 * explains it to people; this is the schema that refuses what is not in it.
 */
import { z } from 'zod';
import { beadLimitsSchema, type PolicyPatch, policyPatchSchema } from '../../machines/policy.ts';
import { parseDuration } from './durations.ts';

/** Milliseconds, written with a unit. */
const duration = z.unknown().transform((written, context): number => {
  const ms = parseDuration(written);
  if (ms !== null) return ms;
  context.addIssue({ code: 'custom', message: 'is no duration — write it with its unit, such as 90s, 5m or 1h30m' });
  return z.NEVER;
});
const name = z.string().min(1).max(100);
const sentence = z.string().min(1).max(2_000);
const number = z.number().int().min(0);
/** A state with everything below it, or several of them. */
const states = z.preprocess((written) => (typeof written === 'string' ? [written] : written), z.array(name).min(1));

const policy = z.unknown().transform((written, context): PolicyPatch => {
  const parsed = policyPatchSchema.safeParse(withDurations(written));
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const message = issue.code === 'unrecognized_keys' ? `has no setting ${issue.keys.join(', ')}` : issue.message;
    const remedy = 'write settings as `yardmaster policy` names them';
    context.addIssue({ code: 'custom', path: issue.path, message: `${message} — ${remedy}` });
  }
  return z.NEVER;
});

function withDurations(written: unknown): unknown {
  if (typeof written !== 'object' || written === null) return written;
  const read = (value: unknown) => (typeof value === 'string' ? (parseDuration(value) ?? value) : value);
  return Object.fromEntries(
    Object.entries(written).map(([key, value]) => [
      key,
      key.endsWith('Ms') ? (Array.isArray(value) ? value.map(read) : read(value)) : value,
    ]),
  );
}

// What the outside answers, from a step on -------------------------------------------------------------------------

/** Whose calls a rule is for, and for how many of them. */
const scope = { bead: name.optional(), agent: name.optional(), first: number.optional() };

/** One rule, a list of rules, or the word alone: `starts: refused`. */
const rules = <T extends z.ZodType>(rule: T, key: string) =>
  z.preprocess((written) => {
    if (typeof written === 'string') return [{ [key]: written }];
    return Array.isArray(written) ? written : [written];
  }, z.array(rule).min(1));

export const startAnswers = [
  'accepted',
  'refused',
  'permanent',
  'unready',
  'false',
  'throws',
  'unknown',
  'never',
  'late',
  'hollow',
] as const;
export const mergeAnswers = [
  ...['merged', 'conflict', 'tests_failed', 'nothing', 'blocked', 'never', 'lost', 'throws', 'refused'],
] as const;

const failureClasses = ['transient', 'work', 'permanent', 'config', 'needs_input'] as const;

const startRule = z.strictObject({
  ...scope,
  answer: z.enum(startAnswers),
  /** `late`: the call is never answered, and its process begins after this. */
  after: duration.default(75_000),
  /** The answer takes this long. */
  takes: duration.optional(),
  reason: sentence.optional(),
});
const runRule = z.strictObject({
  ...scope,
  /** False: it sends no heartbeats by itself. */
  beats: z.boolean().default(true),
  /** True: its output grows from heartbeat to heartbeat. */
  active: z.boolean().default(false),
  /** True: nothing ends it but a restart of its container. */
  stubborn: z.boolean().default(false),
  /** Its first heartbeat comes after this; it counts from there. */
  wakes: duration.optional(),
  /** It is silent from then on, and lives. */
  mutes: z.strictObject({ after: duration }).optional(),
  /** Its agent says so, and it ends. */
  fails: z.strictObject({ after: duration, class: z.enum(failureClasses), reason: sentence }).optional(),
  /** Told just before its end. */
  costs: z.strictObject({ usd: z.number().min(0), tokens: number.default(0) }).optional(),
  exits: z.strictObject({ after: duration, code: number.default(0), commits: number.default(1) }).optional(),
  done: z.strictObject({ after: duration, commits: number.default(1) }).optional(),
});
const mergeRule = z.strictObject({
  ...scope,
  answer: z.enum(mergeAnswers),
  /** The merge takes this long. */
  takes: duration.optional(),
});

// What happens -------------------------------------------------------------------------------------------------------

/** A run: `b1` is the latest of bead b1, `b1#2` its second. */
const run = name;
const ofRun = <T extends z.ZodRawShape>(shape: T) =>
  z.preprocess(
    (written) => (typeof written === 'string' ? { run: written } : written),
    z.strictObject({ run, ...shape }),
  );

const bead = z.strictObject({
  id: name,
  title: sentence.optional(),
  rig: name.optional(),
  priority: number.optional(),
  dependsOn: z.array(name).optional(),
  policy: beadLimitsSchema.optional(),
  held: z.boolean().optional(),
});
const rig = z.strictObject({
  id: name,
  merge: z.boolean().default(true),
  test: z.array(name).default([]),
  argv: z.array(name).default(['agent']),
});

const verbs = {
  starts: rules(startRule, 'answer'),
  runs: rules(runRule, 'bead'),
  merges: rules(mergeRule, 'answer'),
  health: z.enum(['ok', 'miss', 'never']),
  provision: z.enum(['ok', 'refused', 'permanent', 'never']),
  release: z.enum(['ok', 'refused', 'never']),
  readiness: z.enum(['nobody', 'ready', 'unready', 'permanent', 'throws', 'never']),
  probe: z.enum(['truth', 'running', 'absent', 'unknown', 'throws', 'never']),
  mergeProbe: z.enum(['truth', 'throws', 'refused', 'never']),
  stops: z.enum(['ok', 'throws', 'never']),
  heartbeat: ofRun({ active: z.boolean().default(false) }),
  exit: ofRun({
    code: number.nullable().default(0),
    signal: name.nullable().default(null),
    commits: number.default(1),
  }),
  vanish: ofRun({}),
  mute: ofRun({}),
  unmute: ofRun({}),
  done: ofRun({ commits: number.default(1) }),
  failed: ofRun({
    class: z.enum(failureClasses),
    reason: sentence.default('it can not be done'),
  }),
  progress: ofRun({ note: sentence.default('on its way') }),
  usage: ofRun({ tokens: number.default(0), costUsd: z.number().min(0) }),
  renew: sentence,
  send: z.looseObject({ to: name, event: name }),
  beads: z.array(bead).min(1),
  policy,
  rig,
  /** What the container offers from now on. */
  place: z.strictObject({ labels: z.array(name).default([]), slots: number.nullable().default(null) }),
  store: z.strictObject({ failsFor: duration }),
  /** The row of an entity can not be read any more, after a restart. */
  corrupt: name,
  crash: z.strictObject({ downFor: duration.default(1_000) }),
  jump: duration,
};
export type Verb = keyof typeof verbs;
export const verbNames = Object.keys(verbs) as Verb[];
/** Steps that change how the outside answers from then on; all others but `faults` are outside events. */
export const settings: readonly Verb[] = [
  ...([
    'starts',
    'runs',
    'merges',
    'health',
    'provision',
    'release',
    'readiness',
    'probe',
    'mergeProbe',
    'stops',
    'mute',
    'unmute',
  ] as const),
];
export const faults: readonly Verb[] = ['store', 'crash', 'corrupt', 'jump', 'vanish'];

const optionalVerbs = Object.fromEntries(Object.entries(verbs).map(([key, schema]) => [key, schema.optional()])) as {
  [K in Verb]: z.ZodOptional<(typeof verbs)[K]>;
};

const step = z
  .strictObject({
    at: duration,
    /** Again and again: `times` in all, this far apart. */
    every: duration.optional(),
    times: number.optional(),
    /** Order among its neighbours that say so too does not matter. */
    commutes: z.boolean().default(false),
    /** The town has to refuse it. */
    refused: z.boolean().default(false),
    ...optionalVerbs,
  })
  .superRefine((written, context) => {
    const said = verbNames.filter((verb) => written[verb] !== undefined);
    if (said.length === 1) return;
    const what = said.length === 0 ? 'says not what happens' : `says ${said.length} things at once: ${said.join(', ')}`;
    context.addIssue({ code: 'custom', message: `${what} — give it one of ${verbNames.join(', ')}` });
  });

// What has to hold --------------------------------------------------------------------------------------------------

export const countables = [
  ...(['starts', 'dispatches', 'runs', 'live', 'stops', 'merges', 'rows', 'rejected'] as const),
  ...(['raised', 'notices', 'entries', 'zombies'] as const),
] as const;

const moment = z.strictObject({ of: name.optional(), enters: states.optional(), starts: name.optional() });
const check = z.strictObject({
  of: name.optional(),
  ends: states.optional(),
  is: z.union([states, number]).optional(),
  at: duration.optional(),
  reaches: states.optional(),
  by: duration.optional(),
  never: states.optional(),
  always: states.optional(),
  from: duration.optional(),
  to: duration.optional(),
  has: z.record(z.string(), z.unknown()).optional(),
  count: z.enum(countables).optional(),
  bead: name.optional(),
  agent: name.optional(),
  subject: name.optional(),
  cause: name.optional(),
  state: states.optional(),
  while: z.strictObject({ of: name, is: states }).optional(),
  atMost: number.optional(),
  atLeast: number.optional(),
  gaps: name.optional(),
  least: z.array(duration).optional(),
  outcomes: name.optional(),
  are: z.array(name).optional(),
  first: moment.optional(),
  before: moment.optional(),
  why: name.optional(),
  told: name.optional(),
  says: sentence.optional(),
  /** Why a mutation may change this legitimately. */
  unmutated: sentence.optional(),
});

/** The forms of a check: the keys that one needs, beside those that it may have. */
export const checkForms: readonly { readonly needs: readonly string[]; readonly may: readonly string[] }[] = [
  { needs: ['of', 'ends'], may: [] },
  { needs: ['of', 'is', 'at'], may: [] },
  { needs: ['of', 'reaches', 'by'], may: ['from'] },
  { needs: ['of', 'never'], may: ['from', 'to'] },
  { needs: ['of', 'always'], may: ['from', 'to'] },
  { needs: ['of', 'has'], may: ['at'] },
  {
    needs: ['count'],
    may: ['of', 'bead', 'agent', 'subject', 'cause', 'state', 'while', 'from', 'to', 'is', 'atMost', 'atLeast'],
  },
  { needs: ['gaps', 'least'], may: [] },
  { needs: ['outcomes', 'are'], may: [] },
  { needs: ['first', 'before'], may: [] },
  { needs: ['why', 'says'], may: [] },
  { needs: ['told', 'says'], may: [] },
];

const expectation = check.superRefine((written, context) => {
  const keys = Object.entries(written).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  const asked = keys.filter((key) => key !== 'unmutated');
  const fits = checkForms.some(
    ({ needs, may }) =>
      needs.every((key) => asked.includes(key)) && asked.every((key) => needs.includes(key) || may.includes(key)),
  );
  if (fits) return;
  const forms = checkForms.map(({ needs }) => needs.join(' + ')).join('; ');
  context.addIssue({ code: 'custom', message: `is no check that is known — write one of: ${forms}` });
});

export const rooms = [
  'convoy',
  'review',
  'mail',
  'triage',
  'runner',
  'session',
  'mcp',
  'quota',
  'schedule',
  'credentials',
  'retention',
] as const;

const shared = {
  id: z.string().regex(/^[A-Za-z0-9][\w.-]*$/, 'is no id — use letters, digits, dots, dashes'),
  title: sentence,
  /** Where it happened: `owner/repo#number`. */
  source: z.array(sentence).default([]),
  /** What happened there and why, in a few sentences. */
  story: sentence,
};

const playedSchema = z.strictObject({
  ...shared,
  /** A fault of the present town that this incident shows: it is counted as failing, in one sentence. */
  known: sentence.optional(),
  policy: policy.default({}),
  agents: z.array(z.union([name, z.strictObject({ id: name, rig: name, container: name.optional() })])).default(['p1']),
  rigs: z.array(rig).default([{ id: 'r', merge: true, test: [], argv: ['agent'] }]),
  beads: z.array(bead).default([]),
  script: z.array(step).default([]),
  until: duration,
  expect: z.array(expectation).min(1),
});
const waitingSchema = z.strictObject({
  ...shared,
  /** The part of the town that is not built yet. */
  waitsFor: z.enum(rooms),
  /** What will have to hold. */
  correct: z.array(sentence).min(1),
});

const simulatedSchema = z.strictObject({
  ...shared,
  known: sentence.optional(),
  /** A town of the simulator: what is left of its seed. Every property has to hold. */
  simulation: z.strictObject({
    seed: number,
    days: z.number().positive(),
    agentsMax: number.optional(),
    beadsMax: number.optional(),
    containersMax: number.optional(),
    /** The faults that strike, each as the simulator names it. */
    faults: z.array(name),
  }),
});

export function schemaOf(value: unknown) {
  if (typeof value !== 'object' || value === null) return playedSchema;
  return 'waitsFor' in value ? waitingSchema : 'simulation' in value ? simulatedSchema : playedSchema;
}

export type PlayedIncident = z.infer<typeof playedSchema>;
export type WaitingIncident = z.infer<typeof waitingSchema>;
export type SimulatedIncident = z.infer<typeof simulatedSchema>;
export type Incident = PlayedIncident | WaitingIncident | SimulatedIncident;
export type Step = PlayedIncident['script'][number];
export type Check = PlayedIncident['expect'][number];
export type BeadSpec = z.infer<typeof bead>;
export type RigSpec = z.infer<typeof rig>;
export type StartRule = z.infer<typeof startRule>;
export type RunRule = z.infer<typeof runRule>;
export type MergeRule = z.infer<typeof mergeRule>;
/** What a step of a verb says. */
export type Said<V extends Verb> = NonNullable<Step[V]>;
