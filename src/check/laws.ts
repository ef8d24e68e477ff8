/**
 * Laws about the whole graph of states: that there is always a way on, and that no way goes round for ever without
 * paying.
 */
import type { Row } from './composition.ts';
import { type Chosen, leadsTo, partsOf } from './graph.ts';
import type { Local } from './locals.ts';
import { driven, edges, hostsIn, type Portions, type Search, type Violation } from './search.ts';
import { waitsForPerson } from './state-rules.ts';

type Law = (search: Search) => Violation | null;

const has = (mark: number) => (given: number) => (given & mark) !== 0;
const calm: Chosen = has(edges.calm);

/** What stands in everybody's way until a person does something. */
function isBarred(search: Search, row: Row): boolean {
  const { composition, locals } = search;
  const at = (column: number) => locals.get(row[column] as number);
  return (
    [0, 2].some((column) => waitsForPerson(at(column))) ||
    hostsIn(search, row).every(waitsForPerson) ||
    composition.agents.every((column) => waitsForPerson(at(column)))
  );
}

const isSettled = (bead: Local) => bead.state.startsWith('closed.') || waitsForPerson(bead);

function firstWithout(search: Search, isGoal: (row: Row) => boolean): number | null {
  const { states, graph } = search;
  const reached = leadsTo(graph, (state) => isGoal(states.row(state)), calm);
  const lost = reached.indexOf(0);
  return lost < 0 ? null : lost;
}

/** From every state each bead can be closed, or a person has to do with it, without the help of luck. */
const progress: Law = (search) => {
  const { composition, locals } = search;
  for (const column of composition.beads) {
    const isGoal = (row: Row) => {
      const bead = locals.get(row[column] as number);
      const { dependsOn } = bead.context as { dependsOn: readonly string[] };
      const others = composition.beads.map((other) => locals.get(row[other] as number));
      const awaited = others.some((other) => dependsOn.includes(other.id) && waitsForPerson(other));
      return isSettled(bead) || awaited || isBarred(search, row);
    };
    const state = firstWithout(search, isGoal);
    if (state === null) continue;
    const { id } = composition.roles[column]?.ref ?? { id: '' };
    return { sentence: `bead ${id} is stuck: no way leads to its end, and no person was told`, state, to: null };
  }
  return null;
};

/** From every state the breaker closes again, as long as there is anything to try it with. */
const breakerCloses: Law = (search) => {
  const { composition, locals } = search;
  const isGoal = (row: Row) =>
    locals.get(row[0] as number).state.startsWith('closed.') ||
    composition.beads.every((column) => isSettled(locals.get(row[column] as number))) ||
    isBarred(search, row);
  const state = firstWithout(search, isGoal);
  return state === null ? null : { sentence: 'the breaker does not close again', state, to: null };
};

type Round = { readonly chosen: Chosen; readonly forbidden: Chosen; readonly sentence: string };

/** No edge of a kind lies on a circle of chosen edges. */
function noRound({ chosen, forbidden, sentence }: Round): Law {
  return ({ graph }) => {
    const part = partsOf(graph, chosen);
    for (let state = 0; state < graph.size; state += 1) {
      for (let edge = graph.first(state); edge < graph.end(state); edge += 1) {
        const mark = graph.mark(edge);
        if (chosen(mark) && forbidden(mark) && part[state] === part[graph.to(edge)])
          return { sentence, state, to: null };
      }
    }
    return null;
  };
}

const byItself: Chosen = (mark) => (mark & edges.wish) === 0;

/** The laws by the sentences in which the output states that they hold. */
export const laws: Readonly<Record<string, Law>> = {
  'from every state each bead can be closed, or waits for a person who was told': progress,
  'from every state the breaker closes again': breakerCloses,
  'nothing goes round without time passing': noRound({
    chosen: has(edges.instant),
    forbidden: () => true,
    sentence: 'this goes round and round without a wait',
  }),
  'no round begins a paid run: each is counted, and nothing but a person brings the count back': noRound({
    chosen: byItself,
    forbidden: has(edges.begin),
    sentence: 'paid runs begin again and again, and nothing counts them',
  }),
  'no round of failed starts goes past the breaker, a cooldown, a restart and a success': noRound({
    chosen: (mark) => byItself(mark) && (mark & edges.reset) === 0,
    forbidden: has(edges.failStart),
    sentence: 'starts fail again and again, and nothing slows them down',
  }),
};

/** The first law that a complete search breaks; in portions, one for each law. */
export function* judging(search: Search): Portions<Violation | null> {
  for (const law of Object.values(laws)) {
    const violation = law(search);
    if (violation) return violation;
    yield search.states.size;
  }
  return null;
}

/** The first law that a complete search breaks. */
export function judge(search: Search): Violation | null {
  return driven(judging(search), () => false);
}
