/** A counterexample as a numbered story: who heard what, and what became of it. */
import type { EngineEvent, JsonObject } from '../core/types.ts';
import { type Hop, hopsOf, type Outcome, type Row } from './composition.ts';
import type { Move } from './moves.ts';
import { movesFrom, type Search, type Violation } from './search.ts';

export type Chapter = {
  /** What happened, as a sentence without its full stop. */
  readonly happened: string;
  /** `agent p1: idle.ready → working.dispatching`. */
  readonly changes: readonly string[];
};

/** The shortest way to the violation. Empty when the first state is one. */
export function storyOf(search: Search, { state, sentence, to }: Violation): readonly Chapter[] {
  const { states, composition, parents } = search;
  const path: number[] = [];
  for (let number = state; number > 0; number = parents[number] as number) path.unshift(number);
  let row = composition.first();
  const chapters: Chapter[] = [];
  for (const number of path) {
    const wanted = states.row(number).slice();
    const next = follow(search, row, ({ row: reached }) => isSame(composition.canonical(reached), wanted));
    if (!next) break;
    chapters.push(next.chapter);
    row = next.outcome.row;
  }
  const last = to && follow(search, row, ({ flaw, row: reached }) => flaw === sentence || isSame(reached, to));
  return last ? [...chapters, last.chapter] : chapters;
}

type Step = { readonly outcome: Outcome; readonly chapter: Chapter };

function follow(search: Search, row: Row, isWanted: (outcome: Outcome) => boolean): Step | null {
  for (const move of movesFrom(search, row)) {
    for (const outcome of search.composition.outcomes(row, move)) {
      if (isWanted(outcome))
        return { outcome, chapter: { happened: happened(search, move), changes: changes(search, hopsOf(outcome)) } };
    }
  }
  return null;
}

const isSame = (one: Row, other: Row) => one.every((id, column) => id === other[column]);

function changes({ locals, composition }: Search, hops: readonly Hop[]): readonly string[] {
  return hops.flatMap(({ column, event, from, to }) => {
    const { machine, id } = composition.roles[column]?.ref ?? { machine: '', id: '' };
    const [before, after] = [locals.get(from).state, locals.get(to).state];
    const heard = locals.events[event]?.type ?? '';
    const what = before === after ? `stays ${after}` : `${before} → ${after}`;
    return [`${machine} ${id} hears ${plain(heard)}: ${what}`];
  });
}

const plain = (type: string) => (type.startsWith('xstate.after.') ? `its timer ${type.split('.')[2]}` : type);

function happened({ locals, composition }: Search, { column, kind, event, about }: Move): string {
  const { machine, id } = composition.roles[column]?.ref ?? { machine: '', id: '' };
  const who = `${machine} ${id}`;
  const said = locals.events[event] as EngineEvent;
  switch (kind) {
    case 'timer':
      return `the timer ${about} of ${who} fires`;
    case 'answer':
      return `${about} of ${who} is answered: ${answer(said)}`;
    case 'late':
      return `an answer to ${about.split('.')[1]} of ${who} comes late, or a second time: ${answer(said)}`;
    case 'report':
      return `the run of ${who} says ${said.type}${said.type === 'EXITED' ? ` with code ${String(said.code)}` : ''}`;
    case 'proposal':
      if (said.type === 'DEMAND') return `${who} is wanted`;
      return `${who} is dispatched to agent ${String(said.agent)} in container ${String(said.container)}`;
    case 'healing':
      return `${who} is woken: ${said.type}`;
    case 'sighting':
      return `a report comes from ${who}, from the incarnation '${String(said.incarnation)}'`;
    case 'wish':
      return `a person tells ${who} ${said.type}`;
  }
}

function answer({ type, result, permanent }: EngineEvent): string {
  const kind = type.slice(type.lastIndexOf('.') + 1);
  const { status, kind: outcome, incarnation, commit } = (result ?? {}) as JsonObject;
  const detail = outcome ?? status ?? incarnation ?? (commit === null ? 'not merged' : commit);
  return `${kind}${permanent === true ? ' for good' : ''}${detail === undefined ? '' : ` (${String(detail)})`}`;
}

/** Lines for people, numbered from 1. */
export function storyText(chapters: readonly Chapter[], sentence: string): string {
  const lines = chapters.flatMap(({ happened: what, changes: all }, index) => [
    `  ${index + 1}. ${what}.`,
    ...all.map((change) => `       ${change}`),
  ]);
  return [...lines, `  So ${sentence}.`].join('\n');
}
