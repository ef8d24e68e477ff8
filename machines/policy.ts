/**
 * The policy: every number and cap that the charts read, with its default, its unit and its bounds.
 * Units come last in a name (`leaseMs`). A machine is made from a policy; changing the policy makes new machines.
 */
import { z } from 'zod';

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

const numbers = z.strictObject({
  // A run, from the dispatch to its first heartbeat
  startTimeoutMs: ms(60 * SECOND).describe('how long a start call may take before the run is unconfirmed'),
  unconfirmedMs: ms(90 * SECOND).describe('how long an unconfirmed run may stay so before it counts as a failed start'),
  firstHeartbeatMs: ms(180 * SECOND).describe('how long an accepted start may take to its first heartbeat'),
  // A run that lives
  heartbeatMs: ms(30 * SECOND).describe('how often a container sends heartbeats'),
  leaseMs: ms(90 * SECOND).describe('how long a heartbeat is proof of life'),
  probeMs: ms(10 * SECOND).describe('pause between two questions whether a run lives'),
  suspectMs: ms(60 * SECOND).describe('how long a silent run is asked after before it counts as lost'),
  wedgeMs: ms(5 * MINUTE).describe('how long a silent run may stay so while its process is seen'),
  nudgeMs: ms(15 * MINUTE).describe('no progress: nudge'),
  escalateMs: ms(45 * MINUTE).describe('no progress after the nudge: escalate'),
  stallMs: ms(60 * MINUTE).describe('no progress after the escalation: stop'),
  maxRunMs: ms(4 * HOUR).describe('the longest that a run may take'),
  stopMs: ms(30 * SECOND).describe('how long one try to stop a run may take'),
  stopTriesMax: count(3, 10).describe('tries to stop before the run is fenced and left to the sweep'),
  graceMs: ms(10 * SECOND).describe('between asking a process to end and ending it'),
  recycleMs: ms(2 * SECOND).describe('how long an exited agent rests'),
  // Retries
  attemptsMax: count(5, 10).describe('failed starts in a row before a bead is failed.exhausted'),
  runsMax: count(5, 10).describe('runs of a bead that began and were lost, before it is failed.gaveUp'),
  reworksMax: count(3, 10).describe('merges that conflicted or broke the tests, before the bead is failed'),
  evictionsFree: z.number().int().min(0).max(10).default(2).describe('evictions of a bead that are not charged'),
  backoffMs: z
    .array(ms(30 * SECOND))
    .min(1)
    .max(10)
    .default([30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE])
    .describe('the wait after failure 1, 2, …; the last one repeats'),
  jitter: z.number().min(0).max(0.5).default(0.2).describe('fraction by which waits are spread'),
  cooldownMs: ms(30 * MINUTE).describe('how long what is exhausted rests before its attempts are reset'),
  staleWorkMs: ms(5 * MINUTE).describe('how long a bead may be in_progress without a run before it is open again'),
  dispatchesPerHour: count(12).describe('dispatches of one bead in any hour'),
  dispatchesMax: count(40).describe('dispatches of one bead in its generation'),
  // The town's breaker and its tokens
  breakerFailures: count(20).describe('failed starts in the window that open the breaker'),
  breakerWindowMs: ms(30 * MINUTE),
  breakerRatio: z.number().min(0.01).max(1).default(0.5).describe('and the share of failures among starts'),
  breakerCoolMs: ms(5 * MINUTE).describe('how long it stays open; doubles with each failed probe'),
  breakerCoolMaxMs: ms(15 * MINUTE),
  breakerProbeMs: ms(5 * MINUTE).describe('how long the half-open probe may take'),
  rampMs: ms(5 * MINUTE).describe('how long starts are let in slowly after the breaker closed'),
  townDispatchesPerHour: count(120),
  townDispatchesPerDay: count(1_000),
  // The container
  healthMs: ms(15 * SECOND).describe('between two health checks while it hosts runs'),
  healthSuspectMs: ms(5 * SECOND).describe('between two health checks while it is suspect'),
  healthMissesMax: count(3, 100),
  provisionMs: ms(2 * MINUTE),
  containerBackoffMs: ms(5 * SECOND).describe('doubles with each failed provision'),
  containerBackoffMaxMs: ms(5 * MINUTE),
  containerIdleMs: ms(10 * MINUTE).describe('how long an empty container is kept'),
  containerRestartsMax: count(5, 1_000).describe('restarts in 10 minutes that put it on probation'),
  drainMs: ms(5 * MINUTE),
  // Merging
  mergeMs: ms(15 * MINUTE).describe('how long a merge with its tests may take'),
  mergePollMs: ms(15 * SECOND).describe('between two looks at an unconfirmed merge'),
  mergeBlockedMs: ms(MINUTE).describe('between two tries of a merge that something is in the way of'),
  mergeTriesMax: count(5, 100).describe('unanswered or blocked tries before a person is asked'),
  // People
  remindMs: ms(4 * HOUR).describe('between reminders of an escalation; grows with each'),
  remindersMax: z.number().int().min(0).max(100).default(3),
  // Limits and budgets
  workingMax: count(1_000).describe('runs at a time in the town'),
  rigWorkingMax: count(1_000).describe('runs at a time in a rig'),
  beadBudgetUsd: z.number().positive().nullable().default(null).describe('what one bead may cost'),
  townBudgetUsdPerDay: z.number().positive().nullable().default(null),
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
  relation(policy.dispatchesMax >= policy.attemptsMax, 'dispatchesMax', 'must be at least attemptsMax');
});

export type Policy = z.infer<typeof numbers>;
export type PolicyPatch = Partial<Policy>;

/** A change of some settings: no default is filled in; unknown keys are refused. */
export const policyPatchSchema: z.ZodType<PolicyPatch> = z.strictObject(
  Object.fromEntries(Object.entries(numbers.shape).map(([name, setting]) => [name, setting.unwrap().optional()])),
);

export const defaultPolicy: Policy = policySchema.parse({});

/** Per-bead overrides: what a work file may say of one bead. */
export const beadLimitsSchema = z.strictObject({
  attemptsMax: z.number().int().min(1).max(10).optional(),
  runsMax: z.number().int().min(1).max(10).optional(),
  maxRunMinutes: z.number().positive().max(43_200).optional(),
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
