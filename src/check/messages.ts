/**
 * Everything that may be said to an entity from outside: outcomes of effects, reports of runs, wishes of the town and
 * of people; with the world's worst manners, in any order and at any time.
 */
import type { AgentContext } from '../../machines/agent.ts';
import type { ContainerContext } from '../../machines/container.ts';
import type { Policy } from '../../machines/policy.ts';
import type { EngineEvent, JsonObject } from '../core/types.ts';
import { ANOTHER, CURRENT, EARLIER } from './renaming.ts';

type Outcomes = Readonly<Record<string, readonly JsonObject[]>>;

const refused = { kind: 'refused', reason: 'refused', permanent: false };
const forbidden = { kind: 'refused', reason: 'refused for good', permanent: true };
const unready = { kind: 'refused', reason: 'not ready', permanent: false, details: { scope: 'rig' } };
const unanswered = { kind: 'unanswered', cause: 'no answer' };
const succeeded = (result: JsonObject) => ({ kind: 'succeeded', result });
const branch = 'branch';

/** Outcomes by type of effect; the first is the one of a day on which all goes well. */
const OUTCOMES: Outcomes = {
  startRun: [
    succeeded({ incarnation: CURRENT, branch }),
    ...[succeeded({ incarnation: ANOTHER, branch }), refused, forbidden, unready, unanswered],
  ],
  probeRun: [
    succeeded({ status: 'unknown' }),
    ...[succeeded({ status: 'running' }), succeeded({ status: 'absent' }), refused, unanswered],
  ],
  stopRun: [succeeded({ gone: true }), refused, unanswered],
  merge: [
    succeeded({ kind: 'merged', commit: 'commit' }),
    ...[succeeded({ kind: 'nothing' }), succeeded({ kind: 'conflict', files: [] })],
    ...[succeeded({ kind: 'blocked', reason: 'blocked' }), refused, unanswered],
  ],
  probeMerge: [succeeded({ commit: 'commit' }), succeeded({ commit: null }), refused, unanswered],
  abortMerge: [succeeded({ commit: null }), succeeded({ commit: 'commit' }), refused, unanswered],
  provision: [succeeded({ incarnation: ANOTHER }), succeeded({ incarnation: CURRENT }), refused, forbidden, unanswered],
  checkHealth: [succeeded({ incarnation: CURRENT }), succeeded({ incarnation: ANOTHER }), refused, unanswered],
  closeContainer: [succeeded({}), unanswered],
  lookAtRig: [
    succeeded({ ready: true }),
    ...[true, false].map((permanent) => succeeded({ ready: false, permanent, reason: 'not ready' })),
    ...[refused, unanswered],
  ],
};

export function outcomesOf(type: string, params: JsonObject): readonly EngineEvent[] {
  return (OUTCOMES[type] ?? []).map(({ kind, ...said }) => ({
    ...{ type: `effect.${type}.${String(kind)}`, ...said },
    ...{ params, key: 'key' },
  }));
}

export const effectsOf: Readonly<Record<string, readonly string[]>> = {
  agent: ['startRun', 'probeRun', 'stopRun'],
  bead: ['merge', 'probeMerge', 'abortMerge'],
  container: ['provision', 'checkHealth', 'closeContainer'],
  breaker: [],
  rig: ['lookAtRig'],
};

const evidence = { branch, base: 'base', head: 'head', commits: 1, checkpointed: false };
const exited = (epoch: number, code: number): EngineEvent => ({
  ...{ type: 'EXITED', epoch, code, signal: null, tail: '' },
  evidence: code === 0 ? evidence : null,
});

/** One of each kind that carries an epoch. */
export function fencedMessages(epoch: number): readonly EngineEvent[] {
  return [
    ...[
      { type: 'HEARTBEAT', epoch },
      { type: 'PROGRESS', epoch },
      { type: 'USAGE', epoch, tokens: 1, costUsd: 0 },
    ],
    ...[{ type: 'DONE', epoch }, { type: 'FAILED', epoch, class: 'work', reason: 'failed' }, exited(epoch, 0)],
  ];
}

/** What a run of the agent's current epoch may report. */
export function reports(context: AgentContext, policy: Policy): readonly EngineEvent[] {
  const { epoch } = context;
  if (epoch === 0) return [];
  const failed = (kind: string) => ({ type: 'FAILED', epoch, class: kind, reason: 'failed' });
  const costUsd = Math.max(policy.beadBudgetUsd ?? 0, policy.townBudgetUsdPerDay ?? 0);
  const usage = costUsd > 0 ? [{ type: 'USAGE', epoch, tokens: 1, costUsd }] : [];
  return [
    { type: 'HEARTBEAT', epoch, incarnation: CURRENT },
    { type: 'HEARTBEAT', epoch, incarnation: CURRENT, active: true },
    { type: 'HEARTBEAT', epoch, incarnation: EARLIER },
    ...[{ type: 'DONE', epoch }, exited(epoch, 0), exited(epoch, 1)],
    ...[failed('transient'), failed('permanent'), failed('config'), failed('needs_input'), ...usage],
  ];
}

/** Which incarnation speaks to the town, before what it says of a run. */
export function sightings({ former, incarnation }: ContainerContext): readonly EngineEvent[] {
  const names = [ANOTHER, ...(incarnation === null ? [] : [CURRENT]), ...(former.length > 0 ? [EARLIER] : [])];
  return names.map((name) => ({ type: 'SEEN', incarnation: name }));
}

/** What a person may ask of each machine. A pause of the town or a rig keeps everything as it is, and is left out. */
export const wishes: Readonly<Record<string, readonly EngineEvent[]>> = {
  agent: ['STOP', 'RESET', 'PAUSE', 'RESUME', 'CONFIG_CHANGED', 'TAKE_OVER', 'GIVE_BACK'].map((type) => ({ type })),
  bead: ['HOLD', 'RELEASE', 'CANCEL', 'REOPEN', 'RESET', 'CONFIG_CHANGED'].map((type) => ({ type })),
  container: ['DRAIN', 'RESET', 'CONFIG_CHANGED'].map((type) => ({ type })),
  rig: ['RESET', 'CONFIG_CHANGED'].map((type) => ({ type })),
};
