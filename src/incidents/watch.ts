/**
 * What has to hold in every incident, whatever happens: looked at after each commit, and whenever the town is at rest.
 * The numbers are those of the properties in the project's design.
 */
import type { AgentContext } from '../../machines/agent.ts';
import type { BeadContext } from '../../machines/bead.ts';
import type { EscalationContext } from '../../machines/escalation.ts';
import type { Policy } from '../../machines/policy.ts';
import type { EntityRef } from '../core/types.ts';
import { refText } from '../core/types.ts';
import type { Reads } from '../store/port.ts';
import { checkAgent, checkBead } from '../town/invariants.ts';
import type { History, Row } from './history.ts';
import type { Host } from './host.ts';

const HOUR_MS = 3_600_000;
/** How long a process may live on that nobody waits for, while its container can be reached. */
const ZOMBIE_MS = 120_000;
const LIST_MAX = 500;
const HUMAN_WAITS: Readonly<Record<string, string>> = {
  'open.blockedFailedDependency': 'blocked',
  'open.awaitingInput': 'input',
};
const RESTING =
  /^(?:open\.(?:ready|blockedDeps|held|blockedFailedDependency|awaitingInput|blockedConfig)|closed\.|failed\.)/;

type Parts = { readonly reads: Reads; readonly history: History; readonly policy: () => Policy | null };
type Effort = {
  dispatchedAt: number[];
  generation: number;
  dispatches: number;
  began: Set<number>;
  /** Runs that ended by a person's wish or question: each may be followed by another. */
  excused: number;
};

export class Watch {
  readonly #parts: Parts;
  readonly #efforts = new Map<string, Effort>();
  readonly #zombies = new Map<number, number>();
  #lastAt = 0;
  #epoch = 0;
  #breaker = 'closed.available';

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The rows of one commit. */
  committed(rows: readonly Row[], at: number): void {
    const touched = new Map<string, EntityRef>();
    for (const row of rows) {
      if (row.at < this.#lastAt) this.#violate(at, `P42: time goes back at row ${row.seq}`);
      this.#lastAt = row.at;
      if (row.rejected !== null) continue;
      touched.set(refText(row.entity), row.entity);
      this.#row(row, at);
    }
    for (const ref of touched.values()) this.#entity(ref, at);
  }

  #violate(at: number, problem: string): void {
    this.#parts.history.violate(at, problem);
  }

  #row(row: Row, at: number): void {
    const { entity, event, before, after, by } = row;
    if (entity.machine === 'breaker') this.#breaker = after;
    if (entity.machine !== 'bead') return;
    const name = `bead ${entity.id}`;
    if (before.startsWith('closed.') && after !== before)
      this.#violate(at, `P12: ${name} leaves ${before} for ${after}`);
    const isFinal = before.startsWith('failed.') && before !== 'failed.exhausted';
    const isReopened = event.type === 'REOPEN' && by.startsWith('operator');
    if (isFinal && after !== before && !isReopened)
      this.#violate(at, `P12: ${name} leaves ${before} for ${after} by ${event.type} of ${by}`);
    this.#effort(row, at);
  }

  #effort({ entity, event, t }: Row, at: number): void {
    const effort = this.#efforts.get(entity.id) ?? newEffort();
    this.#efforts.set(entity.id, effort);
    if (event.type === 'DISPATCH') this.#dispatch(effort, { bead: entity.id, event, t, at });
    if (event.type === 'REOPEN') Object.assign(effort, { ...newEffort(), dispatchedAt: effort.dispatchedAt });
    if (event.type === 'RUN.STARTED') effort.began.add(Number(event.epoch));
    if (event.type === 'RUN.STOPPED' || event.type === 'RUN.NEEDS_INPUT') effort.excused += 1;
    const policy = this.#parts.policy();
    if (!policy) return;
    const most = policy.runsMax + policy.evictionsFree + policy.reworksMax + effort.excused;
    if (effort.began.size > most)
      this.#violate(
        at,
        `P28: bead ${entity.id} was paid for ${effort.began.size} runs in one generation, ${most} are the most`,
      );
  }

  #dispatch(
    effort: Effort,
    { bead, event, t, at }: { bead: string; event: Row['event']; t: number; at: number },
  ): void {
    const epoch = Number(event.epoch);
    if (epoch <= this.#epoch) this.#violate(at, `P5: epoch ${epoch} of bead ${bead} is not above ${this.#epoch}`);
    this.#epoch = epoch;
    if (/^(?:open|paused\.)/.test(this.#breaker))
      this.#violate(at, `P33: bead ${bead} is dispatched while the breaker is ${this.#breaker}`);
    if (this.#breaker.startsWith('halfOpen') && event.probe !== true)
      this.#violate(at, `P33: bead ${bead} is dispatched as no probe while the breaker is ${this.#breaker}`);
    effort.dispatchedAt = [...effort.dispatchedAt.filter((time) => time > t - HOUR_MS), t];
    effort.dispatches += 1;
    const policy = this.#parts.policy();
    if (!policy) return;
    if (effort.dispatchedAt.length > policy.dispatchesPerHour)
      this.#violate(at, `P27: bead ${bead} is dispatched ${effort.dispatchedAt.length} times in an hour`);
    if (effort.dispatches > policy.dispatchesMax)
      this.#violate(at, `P27: bead ${bead} is dispatched ${effort.dispatches} times in a generation`);
  }

  #entity(ref: EntityRef, at: number): void {
    const { reads } = this.#parts;
    const side = sideOf(reads, ref);
    if (!side) return;
    if (ref.machine === 'agent') {
      const problem = checkAgent(side as never, reads) ?? this.#twin(ref, side as never);
      if (problem) this.#violate(at, problem);
    }
    if (ref.machine === 'bead') {
      const problem = checkBead(side as never, reads);
      if (problem) this.#violate(at, problem);
    }
    if (ref.machine === 'escalation') {
      const { subject, cause } = side.context as EscalationContext;
      if (`${subject}:${cause}` !== ref.id) this.#violate(at, `P34: escalation ${ref.id} is about ${subject}:${cause}`);
    }
  }

  /** P2: of the agents that work for a bead, one at most is not on its way out. */
  #twin(ref: EntityRef, { state, context }: { state: string; context: AgentContext }): string | null {
    if (!isLive(state)) return null;
    const twins = agentsIn(this.#parts.reads).filter(
      (other) => other.id !== ref.id && isLive(other.state) && other.context.bead === context.bead,
    );
    return twins.length === 0 ? null : `P2: agents ${ref.id} and ${twins[0]?.id} both work on bead ${context.bead}`;
  }

  // At rest ---------------------------------------------------------------------------------------------------------

  atRest({ at, now, host }: { at: number; now: number; host: Host }): void {
    const { reads } = this.#parts;
    for (const timer of reads.timersDue(now, LIST_MAX)) {
      if ((timer.leaseUntil ?? timer.dueAt) <= now)
        this.#violate(at, `P20: ${refText(timer.entity)} has an overdue ${timer.name}`);
    }
    for (const bead of inMachine<BeadContext>(reads, 'bead')) this.#restingBead(bead, at);
    for (const { id, state } of agentsIn(reads)) {
      const waits = /^(?:working\.|exited\.|idle\.(?:cooldown|exhausted))/.test(state);
      if (waits && !drives(reads, { machine: 'agent', id }))
        this.#violate(at, `P18: agent ${id} is ${state} and nothing will move it`);
    }
    for (const escalation of inMachine<EscalationContext>(reads, 'escalation')) this.#ghost(escalation, at);
    if (reads.effects({ status: 'dead' }, { limit: 1 }).items.length > 0)
      this.#violate(at, 'P40: an effect is given up');
    this.#orphans(host, at);
  }

  #restingBead({ id, state, context }: Entity<BeadContext>, at: number): void {
    const { reads } = this.#parts;
    const cause = HUMAN_WAITS[state];
    if (cause !== undefined) {
      const escalation = reads.entity({ machine: 'escalation', id: `bead/${id}:${cause}` })?.state ?? 'absent';
      if (!['raised', 'acknowledged'].includes(escalation))
        this.#violate(at, `P18: bead ${id} is ${state} and nobody is told (escalation ${escalation})`);
    }
    if (RESTING.test(state)) {
      if (state === 'failed.exhausted' && !drives(reads, { machine: 'bead', id }))
        this.#violate(at, `P18: bead ${id} is ${state} and nothing will move it`);
      return;
    }
    const isAgents = /^in_progress\.(?:starting|running|stopping)$/.test(state);
    const owner = isAgents ? { machine: 'agent', id: context.agent ?? '' } : { machine: 'bead', id };
    if (!drives(reads, owner)) this.#violate(at, `P18: bead ${id} is ${state} and nothing will move it`);
  }

  /** An escalation about a bead that is closed is a ghost. */
  #ghost({ id, state, context }: Entity<EscalationContext>, at: number): void {
    if (state !== 'raised' || !context.subject.startsWith('bead/')) return;
    const bead = this.#parts.reads.entity({ machine: 'bead', id: context.subject.slice('bead/'.length) });
    if (bead?.state.startsWith('closed.'))
      this.#violate(at, `P34: escalation ${id} outlives its bead, which is ${bead.state}`);
  }

  /** P23: what nobody waits for is ended while its container can be reached. */
  #orphans(host: Host, at: number): void {
    const { reads } = this.#parts;
    const isReachable = host.stopAnswer === 'ok' && host.healthAnswer === 'ok';
    for (const run of host.runs) {
      const { agent, epoch, bead, ended, isMuted, rule } = run;
      const row = sideOf(reads, { machine: 'agent', id: agent });
      const context = row?.context as AgentContext | undefined;
      const isWanted = row?.state.startsWith('working.') && context?.epoch === epoch;
      const isDeaf = isMuted || rule.stubborn || !rule.beats;
      if (ended !== null || isWanted || isDeaf || !isReachable) this.#zombies.delete(epoch);
      else if (!this.#zombies.has(epoch)) this.#zombies.set(epoch, at);
      else if (at - (this.#zombies.get(epoch) ?? at) > ZOMBIE_MS)
        this.#violate(at, `P23: the process of epoch ${epoch} (bead ${bead}) lives on, and nobody waits for it`);
    }
  }
}

type Entity<TContext> = { readonly id: string; readonly state: string; readonly context: TContext };

const newEffort = (): Effort => ({ dispatchedAt: [], generation: 1, dispatches: 0, began: new Set(), excused: 0 });
const isLive = (state: string) => state.startsWith('working.') && state !== 'working.stopping';
const agentsIn = (reads: Reads) => inMachine<AgentContext>(reads, 'agent');

function sideOf(reads: Reads, ref: EntityRef): { state: string; context: object } | null {
  const row = reads.entity(ref);
  return row && { state: row.state, context: (JSON.parse(row.snapshot) as { context: object }).context };
}

function inMachine<TContext>(reads: Reads, machine: string): readonly Entity<TContext>[] {
  // What was put aside can not be judged; a person was told.
  const rows = reads.entities({ machine }, { limit: LIST_MAX }).items.filter(({ status }) => status !== 'quarantined');
  return rows.map(({ ref, state, snapshot }) => ({
    ...{ id: ref.id, state },
    context: (JSON.parse(snapshot) as { context: TContext }).context,
  }));
}

/** Something will move it by itself: a timer, or an effect that waits or runs. */
function drives(reads: Reads, entity: EntityRef): boolean {
  if (reads.timers({ entity }, { limit: 1 }).items.length > 0) return true;
  const statuses = ['pending', 'inflight'] as const;
  return statuses.some((status) => reads.effects({ entity, status }, { limit: 1 }).items.length > 0);
}
