/** What the demo does on purpose: its short timers, its faults, and what must come of them. */
import type { PolicyPatch } from '../../../machines/policy.ts';
import type { StartFault } from './faulty-container.ts';

/** Everything happens within seconds instead of minutes; the relations between the numbers are the usual ones. */
export const demoPolicy: PolicyPatch = {
  ...{ startTimeoutMs: 3_000, unconfirmedMs: 12_000, firstHeartbeatMs: 5_000 },
  ...{ heartbeatMs: 500, leaseMs: 3_000, probeMs: 500, suspectMs: 3_000, wedgeMs: 6_000 },
  ...{ nudgeMs: 4_000, escalateMs: 2_000, stallMs: 2_000, maxRunMs: 45_000 },
  ...{ stopMs: 4_000, graceMs: 500, recycleMs: 200 },
  ...{ backoffMs: [1_000, 2_000, 3_000], jitter: 0.1, cooldownMs: 10_000, staleWorkMs: 20_000 },
  ...{ healthMs: 2_000, healthSuspectMs: 1_000, provisionMs: 20_000 },
  ...{ mergeMs: 45_000, mergePollMs: 1_000, mergeBlockedMs: 2_000 },
};

/** How long a late start takes beyond its timeout, and its answer after that. */
export const lateStart = { lateMs: 3_700, answerMs: 1_500 };

export const startFaults: Readonly<Record<string, StartFault>> = {
  fahrenheit: 'refused',
  'truncate-length': 'false',
  'leap-century': 'late',
};

/** What `agent.mjs` does wrong, by bead and attempt. */
export const agentFaults: Readonly<Record<string, readonly string[]>> = {
  slugify: ['crash'],
  'word-count': ['empty'],
  'title-case': ['silent'],
};

/** The bead that can not be done; all others must be closed. */
export const HOPELESS = 'price-rounding';

/** How each fault is told of when it was noticed. */
export const signs: Readonly<Record<string, RegExp>> = {
  fahrenheit: /^start refused/,
  'truncate-length': /^start answered false/,
  'leap-century': /^heartbeat of the start that gave no answer/,
  slugify: /^crashed with exit code/,
  'word-count': /^exit code 0, but no commit/,
  'title-case': /^it lives but shows no progress/,
};
