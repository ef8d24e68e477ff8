/**
 * Oracles of the quiet, in which no fault strikes any more: everything comes to an end, or a person was asked
 * (kind L).
 */
import type { EntityRow, Reads } from '../store/port.ts';
import type { Town } from '../town/api.ts';
import type { SimulatedContainer } from './container.ts';
import type { Findings } from './findings.ts';
import type { History } from './history.ts';
import { isLive } from './roster.ts';
import { sinceOf } from './standing.ts';
import { unverified } from './verification.ts';

const PAGE = 500;
/** Waits for a person, or for a bead that does. */
const HUMAN = /^open\.(held|awaitingInput|blockedConfig|blockedDeps|blockedFailedDependency)$/;
/** Waits for tokens that time gives back, or for its turn. */
const TURN = /^(open\.(ready|throttled)|in_progress\.running)$/;
/** Needs an agent, or a container that has its work: what a person may have to mend first. */
const HELD_UP = /^(open\.ready$|in_progress\.inReview\.)/;
const FOR_GOOD = /^(closed\.|failed\.(?!exhausted$))/;

const beads = (reads: Reads) => reads.entities({ machine: 'bead' }, { limit: PAGE }).items;

/** P21: within 65 minutes of quiet each bead runs, is at its end, waits for a person, or for its turn. */
export function checkRecovered(reads: Reads, quietAt: number, findings: Findings): void {
  for (const { ref, state } of beads(reads)) {
    if (FOR_GOOD.test(state) || HUMAN.test(state) || TURN.test(state)) continue;
    const since = sinceOf(reads, ref);
    if (since === null || since > quietAt) continue;
    findings.add('P21', `bead ${ref.id} is ${state} since before the quiet, and nobody was asked`);
  }
}

/** Beads that still move by themselves: neither at an end nor held up by a person's decision. */
export function moving(reads: Reads, isWaiting: boolean): readonly EntityRow[] {
  const all = beads(reads);
  const open = all.filter(({ state }) => !FOR_GOOD.test(state));
  // Without a person who mends, what is paused or quarantined may hold up everything else.
  return open.filter(({ state }) => !HUMAN.test(state) && !(isWaiting && HELD_UP.test(state)));
}

/** True when somebody only a person can wake stands in the way of work that is ready. */
export function isHeldUp(reads: Reads): boolean {
  const blocks: readonly (readonly [string, RegExp])[] = [
    ['breaker', /^paused\./],
    ['rig', /^(paused|blocked\..*)$/],
    ['agent', /^idle\.(paused|quarantined)$/],
    ['container', /^broken$/],
  ];
  return blocks.some(([machine, state]) =>
    reads.entities({ machine }, { limit: PAGE }).items.some((row) => state.test(row.state)),
  );
}

export type Receipt = { readonly seq: number; readonly entity: { readonly machine: string; readonly id: string } };

type Ended = {
  readonly reads: Reads;
  readonly town: Town;
  readonly history: History;
  readonly containers: readonly SimulatedContainer[];
  readonly receipts: readonly Receipt[];
  /** The town's own verification as well. */
  readonly thorough: boolean;
};

/**
 * What must hold when all is over: the log leads to the store, nothing acknowledged is lost, no process is left
 * over.
 */
export function checkEnd({ reads, town, history, containers, receipts, thorough }: Ended, findings: Findings): void {
  for (const problem of unverified(reads)) findings.add('P36', problem);
  if (thorough) {
    const { ok, problems } = town.verify();
    if (!ok) findings.add('P36', problems.map(({ entity, problem }) => `${entity}: ${problem}`).join('; '));
  }
  for (const { seq, entity } of receipts) {
    const [row] = reads.log({}, { from: seq - 1, limit: 1, order: 'asc' });
    if (row?.entity.machine === entity.machine && row.entity.id === entity.id && row.rejected === null) continue;
    findings.add(
      'P35',
      `the command to ${entity.machine} ${entity.id} was acknowledged as row ${seq}, which is not it`,
    );
  }
  for (const { run, silent } of containers.flatMap(({ processes }) => processes.living)) {
    const agent = history.roster.agent(run.agent);
    if (agent.epoch === run.epoch && isLive(agent)) continue;
    const how = silent ? 'silent' : 'talking';
    findings.add('P23', `a ${how} process of ${run.agent}, epoch ${run.epoch} runs and nobody waits for it`);
  }
}
