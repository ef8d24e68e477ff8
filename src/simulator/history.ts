/**
 * Reads every commit as it happens and asks the oracles that need no clock: rows, ownership, rates, order of time.
 */
import type { LogRow, Reads } from '../store/port.ts';
import type { Coverage } from './coverage.ts';
import type { Findings } from './findings.ts';
import { expectsRun, isLive, isStopping, isTerminal, Roster } from './roster.ts';
import { rowChecks } from './transitions.ts';
import type { Truth } from './world.ts';

const HOUR_MS = 3_600_000;
/** More rows than one commit has. */
const PAGE = 100_000;
/** More rows than these at one instant, or in an hour, are a loop. */
const ROWS_AT_ONCE_MAX = 20_000;
const ROWS_PER_HOUR_MAX = 5_000;
const BEAD_HOUR_MAX = 12;
const GENERATION_MAX = 40;
const PAID_MAX = 22;
/** A bucket of 120 that fills in an hour lets twice as much through in its first one. */
const TOWN_HOUR_MAX = 240;

type Parts = { readonly findings: Findings; readonly coverage: Coverage; readonly truth: Truth };

export class History {
  readonly roster = new Roster();
  rows = 0;
  dispatches = 0;
  /** Escalations that a person resolved although their cause is there. */
  readonly dismissed = new Set<string>();
  /** How often each escalation was raised. */
  readonly raised = new Map<string, number>();
  #seq = 0;
  #at = 0;
  #rowsAtOnce = 0;
  readonly #parts: Parts;
  readonly #hour = new Window();
  #dispatches = new Window();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes the rows of the latest commit, and returns them. */
  take(reads: Reads): readonly LogRow[] {
    const rows = reads.log({}, { from: this.#seq, limit: PAGE, order: 'asc' });
    const touched = new Set<string>();
    for (const row of rows) {
      this.#seq = row.seq;
      this.#takeRow(row, reads);
      if (row.rejected === null && row.before !== row.after) touched.add(row.entity.machine);
    }
    if (touched.has('agent') || touched.has('bead')) this.#checkOwnership();
    this.#checkCompletions(rows);
    this.#checkDispatches(rows);
    return rows;
  }

  #takeRow(row: LogRow, reads: Reads): void {
    const { findings, coverage, truth } = this.#parts;
    this.rows += 1;
    this.#checkTime(row);
    if (row.rejected !== null) {
      this.#checkRejection(row);
      return;
    }
    coverage.take(row);
    for (const [property, check] of rowChecks) {
      const sentence = check(row, this.roster, truth);
      if (sentence) findings.add(property, sentence);
    }
    this.roster.take(row);
    if (row.event.type === 'xstate.init' && row.entity.machine === 'bead') this.#learnDependencies(row, reads);
    if (row.entity.machine === 'escalation') this.#noteEscalation(row);
    this.#checkCaps(row);
  }

  #noteEscalation({ entity: { id }, event, by }: LogRow): void {
    if (event.type === 'RESOLVE' && by === 'operator') this.dismissed.add(id);
    if (event.type !== 'RAISE') return;
    this.dismissed.delete(id);
    this.raised.set(id, (this.raised.get(id) ?? 0) + 1);
  }

  #learnDependencies({ entity }: LogRow, reads: Reads): void {
    this.roster.bead(entity.id).dependsOn = reads.links(entity, 'dependsOn', 'out').map(({ id }) => id);
  }

  /** P42, and the watchdog over loops. */
  #checkTime({ at, seq, event }: LogRow): void {
    const { findings } = this.#parts;
    if (at < this.#at) findings.add('P42', `row ${seq} is of ${at}, ${this.#at - at} ms before the row ahead of it`);
    this.#rowsAtOnce = at === this.#at ? this.#rowsAtOnce + 1 : 1;
    this.#at = Math.max(at, this.#at);
    if (this.#rowsAtOnce === ROWS_AT_ONCE_MAX) findings.add('loop', `${ROWS_AT_ONCE_MAX} rows at one instant`);
    if (this.#hour.count(at) !== ROWS_PER_HOUR_MAX) return;
    findings.add('loop', `${ROWS_PER_HOUR_MAX} rows in an hour, the last one ${event.type}`);
  }

  /** P7: a heartbeat of a live run is never turned away. */
  #checkRejection({ entity, event, before, rejected }: LogRow): void {
    if (entity.machine !== 'agent' || event.type !== 'HEARTBEAT' || !/^working\.(?!stopping)/.test(before)) return;
    if (event.epoch !== this.roster.agent(entity.id).epoch) return;
    this.#parts.findings.add('P7', `agent ${entity.id} (${before}) refused its own heartbeat: ${rejected}`);
  }

  /** P1 to P4, from the log's own account. */
  #checkOwnership(): void {
    const { findings } = this.#parts;
    const { agents, beads } = this.roster;
    const owners = new Map<string, string>();
    for (const [id, agent] of agents) {
      if (!isLive(agent) || agent.bead === null) continue;
      const other = owners.get(agent.bead);
      if (other) findings.add('P2', `agents ${other} and ${id} both work on bead ${agent.bead}`);
      owners.set(agent.bead, id);
      if (isStopping(agent)) continue;
      const bead = beads.get(agent.bead);
      if (bead?.agent === id && bead.epoch === agent.epoch && expectsRun(bead.state)) continue;
      const sentence = `agent ${id} (${agent.state}, epoch ${agent.epoch}) works on bead ${agent.bead}, which is`;
      findings.add('P4', `${sentence} ${bead?.state ?? 'not there'} with ${bead?.agent ?? 'nobody'}`);
    }
    for (const [id, bead] of beads) {
      if (!expectsRun(bead.state)) continue;
      const agent = bead.agent === null ? undefined : agents.get(bead.agent);
      if (agent && isLive(agent) && agent.bead === id && agent.epoch === bead.epoch) continue;
      findings.add('P4', `bead ${id} is ${bead.state} and ${bead.agent ?? 'nobody'} is ${agent?.state ?? 'not there'}`);
    }
  }

  /** P8: done and closed are one commit. */
  #checkCompletions(rows: readonly LogRow[]): void {
    for (const { entity, event, before, after, rejected } of rows) {
      if (rejected !== null || entity.machine !== 'agent' || event.type !== 'DONE') continue;
      if (before === after || after !== 'exited.completed') continue;
      const { bead } = this.roster.agent(entity.id);
      const state = bead === null ? 'not there' : this.roster.bead(bead).state;
      if (isTerminal(state) || state.startsWith('in_progress.inReview')) continue;
      this.#parts.findings.add('P8', `agent ${entity.id} is done and bead ${bead} is ${state}`);
    }
  }

  /** P33: each dispatch asked the breaker in its own commit. */
  #checkDispatches(rows: readonly LogRow[]): void {
    const accepted = rows.filter(({ rejected }) => rejected === null);
    const asked = new Set(accepted.filter(({ event }) => event.type === 'DISPATCHED').map(({ event }) => event.epoch));
    for (const { event, entity } of accepted) {
      if (event.type !== 'DISPATCH' || asked.has(event.epoch)) continue;
      this.#parts.findings.add('P33', `bead ${entity.id} was dispatched past the breaker`);
    }
  }

  /** P27 and P28. */
  #checkCaps({ entity, event, at }: LogRow): void {
    const { findings } = this.#parts;
    if (entity.machine === 'breaker' && event.type === 'RESET') this.#dispatches = new Window();
    if (entity.machine !== 'bead') return;
    const { dispatchedAt, paid, excused } = this.roster.bead(entity.id);
    if (event.type === 'DISPATCH') {
      this.dispatches += 1;
      const inHour = dispatchedAt.filter((time) => time > at - HOUR_MS).length;
      if (inHour > BEAD_HOUR_MAX) findings.add('P27', `bead ${entity.id} was dispatched ${inHour} times in an hour`);
      const count = dispatchedAt.length;
      if (count > GENERATION_MAX) findings.add('P27', `bead ${entity.id}: ${count} dispatches in a generation`);
      const town = this.#dispatches.count(at);
      if (town > TOWN_HOUR_MAX) findings.add('P27', `${town} dispatches of the town in an hour`);
    }
    if (event.type === 'RUN.STARTED' && paid.size > PAID_MAX + excused) {
      findings.add('P28', `bead ${entity.id}: ${paid.size} paid runs in a generation`);
    }
  }
}

/** How many times were noted in the hour that ends now. */
class Window {
  readonly #times: number[] = [];
  #first = 0;

  count(at: number): number {
    this.#times.push(at);
    while ((this.#times[this.#first] ?? at) <= at - HOUR_MS) this.#first += 1;
    return this.#times.length - this.#first;
  }
}
