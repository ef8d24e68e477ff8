/**
 * The exhaustive search: every state that the composition can reach, breadth first, so that a counterexample is a
 * shortest one.
 */
import type { AgentContext } from '../../machines/agent.ts';
import type { BeadContext } from '../../machines/bead.ts';
import type { ContainerContext } from '../../machines/container.ts';
import type { Policy } from '../../machines/policy.ts';
import type { EngineEvent } from '../core/types.ts';
import { Placement, spotOf } from '../town/placement.ts';
import { createAbstraction } from './abstraction.ts';
import { Composition, type Outcome, type Row } from './composition.ts';
import { Graph } from './graph.ts';
import { type Local, Locals, marks } from './locals.ts';
import { demandName, type Move, Moves, proposalName } from './moves.ts';
import { clipped, type MachineMaker, type Scene } from './scene.ts';
import { doubleRun, leakedPlace, missedDependency, pairFlaw, stateFlaw } from './state-rules.ts';
import { StateSet } from './state-set.ts';

/** Marks of edges, beside those of steps. */
export const edges = {
  ...marks,
  /** What a world without faults does. */
  calm: 64,
  /** It takes no time. */
  instant: 128,
  timer: 256,
  wish: 512,
} as const;

export type Violation = {
  readonly sentence: string;
  /** The state in which, or from which, it happens. */
  readonly state: number;
  /** Where it leads, when it is a step that breaks a rule. */
  readonly to: Row | null;
};

export type Search = {
  readonly scene: Scene;
  readonly locals: Locals;
  readonly composition: Composition;
  readonly moves: Moves;
  readonly states: StateSet;
  readonly parents: readonly number[] | Int32Array;
  readonly graph: Graph;
  readonly violation: Violation | null;
  /** Every state was looked at. */
  readonly complete: boolean;
};

export type SearchOptions = {
  readonly policy: Policy;
  readonly machines: MachineMaker;
  readonly scene: Scene;
  /** Asked now and then; true ends the search without a verdict. */
  readonly isOver: (states: number) => boolean;
};

const ASK_EVERY = 64;

/** The whole search at once. */
export function search({ isOver, ...options }: SearchOptions): Search {
  return driven(searching(options), isOver);
}

/** Takes each portion of a piece of work, one after the other, until it is done or `isOver`. */
export function driven<T>(work: Portions<T>, isOver: (states: number) => boolean): T {
  let portion = work.next(false);
  while (!portion.done) portion = work.next(isOver(portion.value));
  return portion.value;
}

/**
 * The search in portions of some milliseconds: yields the number of states that were looked at; whoever answers true
 * ends it without a verdict.
 */
export function* searching({ policy, machines, scene }: Omit<SearchOptions, 'isOver'>): Portions<Search> {
  const small = clipped(policy, scene.losses);
  const locals = new Locals(machines(small), createAbstraction(small, scene.detail));
  const composition = new Composition(locals, scene);
  const moves = new Moves(locals, scene, small);
  const found = new Explorer({ scene, locals, composition, moves });
  const complete = yield* found.run();
  const { states, parents, graph, violation } = found;
  return { scene, locals, composition, moves, states, parents, graph, violation, complete };
}

export type Portions<T> = Generator<number, T, boolean>;
type Stage = Pick<Search, 'scene' | 'locals' | 'composition' | 'moves'>;

class Explorer {
  readonly states: StateSet;
  readonly parents: number[] = [-1];
  readonly graph = new Graph();
  violation: Violation | null = null;
  readonly #stage: Stage;
  readonly #flaws = new Map<number, string | null>();
  readonly #pairs = new Map<number, string | null>();

  constructor(stage: Stage) {
    this.#stage = stage;
    this.states = new StateSet(stage.composition.roles.length);
  }

  *run(): Portions<boolean> {
    this.states.add(this.#stage.composition.first());
    for (let number = 0; number < this.states.size; number += 1) {
      if (number % ASK_EVERY === 0 && (yield number)) return false;
      const row = this.states.row(number).slice();
      const sentence = this.#rowFlaw(row);
      if (sentence) this.violation = { sentence, state: number, to: null };
      if (!this.violation) this.#expand(number, row);
      if (this.violation) return true;
      this.graph.close();
    }
    return true;
  }

  #expand(number: number, row: Row): void {
    const { composition, moves } = this.#stage;
    const proposed = proposalsIn(this.#stage, row);
    for (let column = 0; column < row.length; column += 1) {
      for (const move of moves.of(row[column] as number, column)) {
        for (const outcome of composition.outcomes(row, move)) {
          const flaw = outcome.flaw ?? tokenless(outcome.marks) ?? strayed(this.#stage, column, outcome);
          if (flaw) {
            this.violation = { sentence: flaw, state: number, to: outcome.row };
            return;
          }
          this.#note(number, markOf({ move, outcome, proposed }), outcome.row);
        }
      }
    }
  }

  #note(number: number, mark: number, row: Row): void {
    const size = this.states.size;
    const to = this.states.add(this.#stage.composition.canonical(row));
    if (to === size) this.parents.push(number);
    if (to !== number || mark & edges.begin) this.graph.add(to, mark);
  }

  #rowFlaw(row: Row): string | null {
    const { composition, locals } = this.#stage;
    for (const id of row) {
      const flaw = this.#localFlaw(id);
      if (flaw) return flaw;
    }
    for (const agent of composition.agents) {
      for (const bead of composition.beads) {
        const flaw = this.#pairFlaw(row[agent] as number, row[bead] as number);
        if (flaw) return flaw;
      }
    }
    const container = composition.containers.reduce<string | null>(
      (flaw, column) => flaw ?? leakedPlace(locals.get(row[column] as number)),
      null,
    );
    if (container || (composition.agents.length === 1 && composition.beads.length === 1)) return container;
    const of = (columns: readonly number[]) => columns.map((column) => locals.get(row[column] as number));
    const parties = { agents: of(composition.agents), beads: of(composition.beads) };
    return doubleRun(parties) ?? missedDependency(parties);
  }

  #localFlaw(id: number): string | null {
    const known = this.#flaws.get(id);
    if (known !== undefined) return known;
    const { locals } = this.#stage;
    const local = locals.get(id);
    const ask = (event: EngineEvent) => {
      const taken = locals.taken(local, event);
      return taken && { state: taken.step.after.join(' '), changed: taken.step.changed };
    };
    const flaw = stateFlaw(local, ask);
    const sentence = flaw && `${local.machine} ${local.id}: ${flaw}`;
    this.#flaws.set(id, sentence);
    return sentence;
  }

  #pairFlaw(agent: number, bead: number): string | null {
    const key = agent * 0x100000 + bead;
    const known = this.#pairs.get(key);
    if (known !== undefined) return known;
    const { locals } = this.#stage;
    const flaw = pairFlaw(locals.get(agent), locals.get(bead));
    this.#pairs.set(key, flaw);
    return flaw;
  }
}

/** Everything that may happen in a state. */
export function movesFrom({ moves }: Pick<Stage, 'moves'>, row: Row): readonly Move[] {
  const possible: Move[] = [];
  row.forEach((id, column) => {
    possible.push(...moves.of(id, column));
  });
  return possible;
}

function tokenless(mark: number): string | null {
  const isFree = (mark & (edges.dispatch | edges.token)) === edges.dispatch;
  return isFree ? "a bead was dispatched without a token of the town's breaker" : null;
}

/** What happens to a container is heard by those whose runs it hosts, and by nobody who runs elsewhere. */
function strayed({ composition, locals }: Omit<Stage, 'moves'>, column: number, outcome: Outcome): string | null {
  const own = composition.roles[column]?.ref;
  if (own?.machine !== 'container' || composition.containers.length === 1) return null;
  for (let { last: hop } = outcome; hop; hop = hop.before) {
    const { machine, id, context } = locals.get(hop.from);
    const elsewhere = machine === 'container' ? id !== own.id : 'container' in context && context.container !== own.id;
    if (elsewhere && machine !== 'rig') return `container ${own.id} changed, and ${machine} ${id} heard of it`;
  }
  return null;
}

type Doing = { readonly move: Move; readonly outcome: Outcome; readonly proposed: ReadonlySet<string> };

function markOf({ move, outcome, proposed }: Doing): number {
  let mark = outcome.marks;
  const matched = isMatched(move, proposed);
  if (move.calm && matched) mark |= edges.calm;
  if (move.instant && matched) mark |= edges.instant;
  if (move.kind === 'timer') mark |= edges.timer;
  if (move.kind === 'wish') mark |= edges.wish;
  return move.kind === 'healing' || move.kind === 'sighting' ? mark | edges.reset : mark;
}

/** It is no proposal, or one that matching makes here. */
export function isMatched({ proposal }: Move, proposed: ReadonlySet<string>): boolean {
  return proposal === null || proposed.has(proposal);
}

/** The containers that a run could be placed in, if they were up. */
export function hostsIn({ scene, composition, locals }: Omit<Stage, 'moves'>, row: Row): readonly Local[] {
  const all = composition.containers.map((column) => locals.get(row[column] as number));
  return all.filter(({ context }) => {
    const { labels, slots } = context as unknown as ContainerContext;
    return slots !== 0 && scene.needs.every((label) => labels.includes(label));
  });
}

const LETS = ['closed.available', 'closed.ramping', 'halfOpen.waiting'];

/** What matching would propose here: the rules of `src/town/matching.ts` on a state of the search. */
export function proposalsIn({ scene, composition, locals }: Omit<Stage, 'moves'>, row: Row): Set<string> {
  const at = (column: number): Local => locals.get(row[column] as number);
  const found = new Set<string>();
  const [breaker, rig] = [at(0), at(2)];
  if (!LETS.includes(breaker.state) || rig.state !== 'active') return found;
  const probe = breaker.state.startsWith('halfOpen');
  for (const column of composition.agents) {
    const agent = at(column);
    if (agent.state !== 'idle.ready') continue;
    const { hook, pinned } = agent.context as unknown as AgentContext;
    for (const place of composition.beads) {
      const bead = at(place);
      const due = bead.state === 'in_progress.retryDue' && (bead.context as unknown as BeadContext).agent === agent.id;
      if (hook === null ? bead.state !== 'open.ready' : !(hook === bead.id && due)) continue;
      const { container: previous, startFailures } = bead.context as unknown as BeadContext;
      const wanted = { needs: scene.needs, pinned, previous, failed: startFailures > 0 };
      const placement = new Placement(composition.containers.map((container) => spotOf(at(container) as never)));
      const { container, wake } = placement.choose(wanted);
      if (container !== null) found.add(proposalName(place, { agent: agent.id, container, probe }));
      if (wake !== null) found.add(demandName(wake));
    }
  }
  return found;
}
