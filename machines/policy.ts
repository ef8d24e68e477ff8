/**
 * The policy: every number and cap that the charts read, with its default, its unit and its bounds.
 * Units come last in a name (`leaseMs`); what `.describe()` says of a setting is what people are shown. A machine is
 * made from a policy; changing the policy makes new machines.
 */
import { z } from 'zod';
import { type Unit, withUnits } from './durations.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const ms = (fallback: number) =>
  z
    .number()
    .int()
    .min(1)
    .max(30 * DAY)
    .default(fallback);
const count = (fallback: number, max = 1_000_000) => z.number().int().min(1).max(max).default(fallback);
const countOrNone = (fallback: number, max: number) => z.number().int().min(0).max(max).default(fallback);
const usd = () => z.number().positive().nullable().default(null);

const numbers = z.strictObject({
  // A run, from the dispatch to its first heartbeat
  startTimeoutMs: ms(60 * SECOND).describe('How long a start call may take before the run is unconfirmed.'),
  unconfirmedMs: ms(90 * SECOND).describe('How long a run may stay unconfirmed before it counts as a failed start.'),
  firstHeartbeatMs: ms(180 * SECOND).describe('How long an accepted start may take to its first heartbeat.'),
  // A run that lives
  heartbeatMs: ms(30 * SECOND).describe('How often a container sends heartbeats.'),
  leaseMs: ms(90 * SECOND).describe('How long a heartbeat is proof of life; at least twice heartbeatMs.'),
  probeMs: ms(10 * SECOND).describe('The pause between two questions whether a run lives.'),
  suspectMs: ms(60 * SECOND).describe('How long a silent run is asked after before it counts as lost.'),
  wedgeMs: ms(5 * MINUTE).describe('How long a silent run may stay so while its process is seen.'),
  nudgeMs: ms(15 * MINUTE).describe('How long a run may show no progress before it is nudged.'),
  escalateMs: ms(45 * MINUTE).describe('How long after the nudge a person is told of a run without progress.'),
  stallMs: ms(60 * MINUTE).describe('How long after that a run without progress is stopped.'),
  attendedMs: ms(15 * MINUTE).describe(
    'How long a person who took a run over may say nothing before its agent goes on.',
  ),
  maxRunMs: ms(4 * HOUR).describe('The longest that a run may take.'),
  stopMs: ms(30 * SECOND).describe('How long one try to stop a run may take.'),
  stopTriesMax: count(3, 10).describe('Tries to stop a run before it is fenced and left to the sweep.'),
  graceMs: ms(10 * SECOND).describe('The time between asking a process to end and ending it.'),
  recycleMs: ms(2 * SECOND).describe('How long an agent rests after its run has ended.'),
  // Retries
  attemptsMax: count(5, 10).describe('Failed starts in a row before a bead is failed.exhausted.'),
  runsMax: count(5, 10).describe('Runs of a bead that began and were lost before it is failed.gaveUp.'),
  reworksMax: count(3, 10).describe('Merges that conflicted or broke the tests before a bead is failed.'),
  evictionsFree: countOrNone(2, 10).describe('Evictions of a bead that are not charged.'),
  backoffMs: z
    .array(ms(30 * SECOND))
    .min(1)
    .max(10)
    .default([30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE])
    .describe('The wait after failure 1, 2, …; the last one repeats.'),
  jitter: z.number().min(0).max(0.5).default(0.2).describe('The fraction by which waits are spread.'),
  cooldownMs: ms(30 * MINUTE).describe('How long what is exhausted rests before its attempts are reset.'),
  staleWorkMs: ms(5 * MINUTE).describe('How long a bead may be in_progress without a run before it is open again.'),
  dispatchesPerHour: count(12).describe('Dispatches of one bead in any hour.'),
  dispatchesMax: count(40).describe('Dispatches of one bead until a person reopens it.'),
  unmatchedMs: ms(5 * MINUTE).describe(
    'How long ready beads may wait for a rig without agents before a person is told.',
  ),
  // The town's breaker and its tokens
  breakerFailures: count(20).describe('Failed starts in the window that open the breaker.'),
  breakerWindowMs: ms(30 * MINUTE).describe('The window in which failed starts are counted.'),
  breakerRatio: z
    .number()
    .min(0.01)
    .max(1)
    .default(0.5)
    .describe('The share of failures among the starts of the window.'),
  breakerCoolMs: ms(5 * MINUTE).describe('How long the breaker stays open; doubles with each failed probe.'),
  breakerCoolMaxMs: ms(15 * MINUTE).describe('The longest that the breaker stays open before a probe.'),
  breakerProbeMs: ms(5 * MINUTE).describe('How long the half-open probe may take.'),
  rampMs: ms(5 * MINUTE).describe('How long starts are let in slowly after the breaker closed.'),
  townDispatchesPerHour: count(120).describe('Dispatches of the whole town in any hour.'),
  townDispatchesPerDay: count(1_000).describe('Dispatches of the whole town in any day.'),
  // The container
  healthMs: ms(15 * SECOND).describe('The time between two health checks while a container hosts runs.'),
  healthSuspectMs: ms(5 * SECOND).describe('The time between two health checks while a container is suspect.'),
  healthMissesMax: count(3, 100).describe('Health checks in a row without an answer before a container is down.'),
  provisionMs: ms(2 * MINUTE).describe('How long making a container ready may take.'),
  containerBackoffMs: ms(5 * SECOND).describe('The wait after a failed provision; doubles with each.'),
  containerBackoffMaxMs: ms(5 * MINUTE).describe('The longest wait between two provisions.'),
  containerIdleMs: ms(10 * MINUTE).describe('How long an empty container is kept.'),
  containerRestartsMax: count(5, 1_000).describe('Restarts in 10 minutes that put a container on probation.'),
  // The rig
  rigLookMs: ms(MINUTE).describe(
    'The wait before a rig that can not start agents is looked at again; doubles each time.',
  ),
  rigLookMaxMs: ms(30 * MINUTE).describe('The longest wait between two looks at a rig that can not start agents.'),
  rigLookTimeoutMs: ms(2 * MINUTE).describe('How long a look at a rig that can not start agents may take.'),
  drainMs: ms(5 * MINUTE).describe('How long a container that drains waits for its runs.'),
  // Merging
  mergeMs: ms(15 * MINUTE).describe('How long a merge with its tests may take.'),
  mergePollMs: ms(15 * SECOND).describe('The time between two looks at an unconfirmed merge.'),
  mergeBlockedMs: ms(MINUTE).describe('The time between two tries of a merge that something is in the way of.'),
  mergeTriesMax: count(5, 100).describe('Unanswered or blocked tries of a merge before a person is asked.'),
  attemptBranchMs: ms(14 * DAY).describe('How long the branches of attempts that were not merged are kept.'),
  attemptBranchesMax: countOrNone(200, 100_000).describe('How many branches of such attempts a repository keeps.'),
  // People
  remindMs: ms(4 * HOUR).describe('The time between reminders of an escalation; grows with each.'),
  remindersMax: countOrNone(3, 100).describe('Reminders of an escalation.'),
  // Limits and budgets
  workingMax: count(1_000).describe('Runs at a time in the town.'),
  rigWorkingMax: count(1_000).describe('Runs at a time in a rig.'),
  beadBudgetUsd: usd().describe('What one bead may cost; null: any amount.'),
  townBudgetUsdPerDay: usd().describe('What the town may cost in a day; null: any amount.'),
});

/** The whole policy with its relations checked; parse `{}` for the defaults. */
export const policySchema = numbers.superRefine((policy, context) => {
  const relation = (holds: boolean, path: keyof Policy, message: string) => {
    if (!holds) context.addIssue({ code: 'custom', path: [path], message });
  };
  relation(policy.leaseMs >= 2 * policy.heartbeatMs, 'leaseMs', 'must be at least twice heartbeatMs');
  relation(policy.wedgeMs >= policy.suspectMs, 'wedgeMs', 'must be at least suspectMs');
  relation(policy.probeMs < policy.suspectMs, 'probeMs', 'must be below suspectMs, or nobody is asked twice');
  relation(policy.breakerCoolMaxMs >= policy.breakerCoolMs, 'breakerCoolMaxMs', 'must be at least breakerCoolMs');
  relation(
    policy.containerBackoffMaxMs >= policy.containerBackoffMs,
    'containerBackoffMaxMs',
    'must be at least containerBackoffMs',
  );
  relation(policy.rigLookMaxMs >= policy.rigLookMs, 'rigLookMaxMs', 'must be at least rigLookMs');
  relation(policy.dispatchesMax >= policy.attemptsMax, 'dispatchesMax', 'must be at least attemptsMax');
});

export type Policy = z.infer<typeof numbers>;
export type PolicyPatch = Partial<Policy>;

type Setting = (typeof numbers.shape)[keyof Policy];

/** A setting without its default; one of milliseconds also takes `90s`, `5m`, `2h`. */
function settable(name: string, setting: Setting): z.ZodType {
  if (!name.endsWith('Ms')) return setting.unwrap().optional();
  const inner: z.ZodType = setting.unwrap();
  const wait =
    inner instanceof z.ZodArray
      ? z
          .array(withUnits(inner.element as z.ZodType, 'ms'))
          .min(1)
          .max(10)
      : null;
  return (wait ?? withUnits(inner, 'ms')).optional();
}

/** A change of some settings: no default is filled in; unknown keys are refused. */
export const policyPatchSchema: z.ZodType<PolicyPatch, unknown> = z.strictObject(
  Object.fromEntries(Object.entries(numbers.shape).map(([name, setting]) => [name, settable(name, setting)])),
);

export const defaultPolicy: Policy = policySchema.parse({});

/** What a setting is measured in, by its name. */
export function unitOf(name: string): Unit {
  if (name.endsWith('Ms')) return 'ms';
  if (name.includes('Usd')) return 'USD';
  return name === 'jitter' || name.endsWith('Ratio') ? 'fraction' : 'count';
}

/** One sentence of what a setting does; empty for what is none. */
export function aboutSetting(name: string): string {
  return numbers.shape[name as keyof Policy]?.description ?? '';
}

/** Per-bead overrides: what a work file may say of one bead. */
export const beadLimitsSchema = z.strictObject({
  attemptsMax: z.number().int().min(1).max(10).optional(),
  runsMax: z.number().int().min(1).max(10).optional(),
  maxRunMinutes: withUnits(z.number().positive().max(43_200), 'minutes').optional(),
  budgetUsd: z.number().positive().optional(),
});
export type BeadLimits = z.infer<typeof beadLimitsSchema>;

/** The wait after the `failures`-th failure in a row (1 is the first). */
export function backoffMs(policy: Policy, failures: number): number {
  const index = Math.min(Math.max(failures, 1), policy.backoffMs.length) - 1;
  return policy.backoffMs[index] ?? policy.cooldownMs;
}

/** A doubling wait: `first`, 2·first, 4·first, … up to `most`. */
export function doublingMs(first: number, most: number, times: number): number {
  return Math.min(first * 2 ** Math.min(times, 30), most);
}
