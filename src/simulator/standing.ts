/**
 * Oracles over what is, asked once a minute: whoever is not at an end has something that moves it, or a person who
 * was told (properties of kind I, and the liveness that needs no quiet).
 */
import type { Policy } from '../../machines/policy.ts';
import { escalationId } from '../../machines/wiring.ts';
import type { EntityRef } from '../core/types.ts';
import type { EntityRow, Reads } from '../store/port.ts';
import type { Findings } from './findings.ts';
import type { History } from './history.ts';
import { isTerminal } from './roster.ts';

const MINUTE = 60_000;
const PAGE = 500;
/** Merges of a rig wait for one another, and each may take its time. */
const PATIENT = new Set(['merge', 'probeMerge', 'abortMerge']);
const EXHAUSTED_MAX_MS = 36 * MINUTE;

/** States that wait for a person, by the cause of the escalation that tells of it. */
const HUMAN: readonly (readonly [machine: string, state: RegExp, cause: string])[] = [
  ['agent', /^idle\.quarantined$/, 'quarantined'],
  ['bead', /^open\.blockedFailedDependency$/, 'blocked'],
  ['rig', /^blocked\./, 'blocked'],
  ['bead', /^open\.awaitingInput$/, 'input'],
  ['container', /^broken$/, 'broken'],
];
/** States that wait for the matching, for another entity, or for the person who put them there. */
const WAITS: Readonly<Record<string, RegExp>> = {
  agent: /^idle\.(ready|paused)$/,
  bead: /^(open\.(ready|blockedDeps|blockedConfig|held)|in_progress\.(starting|running|stopping)|(closed|failed)\..*)$/,
  container: /^absent$/,
  breaker: /^(closed\.(available|ramping)|halfOpen\.waiting|paused\.byOperator)$/,
  rig: /^(active|paused)$/,
  town: /./,
  escalation: /./,
};

export type Standing = {
  readonly reads: Reads;
  readonly policy: Policy;
  readonly history: History;
  /** Engine time. */
  readonly now: number;
};

export function checkStanding({ reads, policy, history, now }: Standing, findings: Findings): void {
  for (const machine of ['agent', 'bead', 'container', 'breaker', 'rig']) {
    for (const row of reads.entities({ machine }, { limit: PAGE }).items) {
      if (row.status === 'quarantined') {
        findings.add('poison', `${machine} ${row.ref.id} can not be read any more`);
        continue;
      }
      const problem = undriven(row, reads, history) ?? untold(row, reads, history);
      if (problem) findings.add('P18', problem);
      if (machine === 'agent' || machine === 'bead') checkExhausted({ reads, policy, now }, row, findings);
    }
  }
  checkOverdue({ reads, now }, findings);
  checkStarts(reads, history, findings);
}

function undriven({ ref, state }: EntityRow, reads: Reads, history: History): string | null {
  if (WAITS[ref.machine]?.test(state) || HUMAN.some(([of, human]) => of === ref.machine && human.test(state))) {
    return null;
  }
  if (ref.machine === 'bead' && isTerminal(history.roster.bead(ref.id).state) && state !== 'failed.exhausted')
    return null;
  const timers = reads.timers({ entity: ref }, { limit: 1 }).items.length;
  const live = (status: 'pending' | 'inflight') => reads.effects({ entity: ref, status }, { limit: 1 }).items.length;
  if (timers > 0 || live('pending') > 0 || live('inflight') > 0) return null;
  return `${ref.machine} ${ref.id} is ${state} with no timer and no effect: nothing will ever move it`;
}

/** Whoever waits for a person has an escalation that is open. */
function untold({ ref, state }: EntityRow, reads: Reads, history: History): string | null {
  const human = HUMAN.find(([machine, waiting]) => machine === ref.machine && waiting.test(state));
  if (!human) return null;
  const id = escalationId(`${ref.machine}/${ref.id}`, human[2]);
  const escalation = reads.entity({ machine: 'escalation', id });
  if ((escalation && escalation.state !== 'resolved') || history.dismissed.has(id)) return null;
  return `${ref.machine} ${ref.id} is ${state} and nobody was told`;
}

/** P32. */
function checkExhausted(
  { reads, now }: Pick<Standing, 'reads' | 'policy' | 'now'>,
  row: EntityRow,
  findings: Findings,
) {
  if (!/\.exhausted$/.test(row.state)) return;
  const since = sinceOf(reads, row.ref);
  if (since === null || since + EXHAUSTED_MAX_MS > now - MINUTE) return;
  findings.add('P32', `${row.ref.machine} ${row.ref.id} is ${row.state} for ${Math.round((now - since) / MINUTE)} min`);
}

/** P20. */
function checkOverdue({ reads, now }: Pick<Standing, 'reads' | 'now'>, findings: Findings): void {
  for (const { entity, name } of reads.timersDue(now - MINUTE, 1)) {
    findings.add('P20', `the timer ${name} of ${entity.machine} ${entity.id} is overdue`);
  }
  for (const { type, key } of reads.effectsDue(now - MINUTE, PAGE)) {
    if (!PATIENT.has(type)) findings.add('P20', `the effect ${type} (${key}) has been due for a minute`);
  }
}

/** P16: nothing is started for a dispatch that is not waited for any more. */
function checkStarts(reads: Reads, history: History, findings: Findings): void {
  for (const { type, params, key } of reads.effectsDue(Number.MAX_SAFE_INTEGER, PAGE)) {
    if (type !== 'startRun') continue;
    const { agent, epoch } = params as { agent: string; epoch: number };
    const entry = history.roster.agent(agent);
    if (entry.epoch === epoch && entry.state === 'working.dispatching') continue;
    findings.add('P16', `start ${key} is pending, and agent ${agent} is ${entry.state} with epoch ${entry.epoch}`);
  }
}

export function sinceOf(reads: Reads, ref: EntityRef): number | null {
  return reads.places(ref)[0]?.sinceAt ?? null;
}
