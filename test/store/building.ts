/**
 * Short ways to say what a store is given: changes with sensible defaults, and an environment that stands still.
 */
import type { EngineEvent, EntityRef, StateId } from '../../src/core/types.ts';
import { parseRef } from '../../src/core/types.ts';
import type { Env } from '../../src/env/env.ts';
import type { Change, NewLogRow, Store, Transaction } from '../../src/store/port.ts';

type Timer = Change['timers']['set'][number];

/** What differs from a plain event of a lamp; `from` is null at birth. */
export type Said = {
  readonly at?: number;
  readonly rev?: number;
  readonly definition?: number;
  readonly status?: Change['entity']['status'];
  readonly from?: StateId | null;
  readonly to?: StateId;
  readonly snapshot?: string | null;
  readonly index?: Change['entity']['index'];
  readonly places?: Change['places'];
  readonly timers?: Partial<Change['timers']>;
  readonly effects?: Change['effects'];
  readonly supersede?: readonly StateId[];
  readonly records?: Change['records'];
  readonly event?: EngineEvent;
};

/** The birth of `machine/id`, in `off` unless said otherwise. */
export function birth(ref: string, said: Said = {}): Change {
  return change(ref, {
    rev: 1,
    from: null,
    to: 'off',
    snapshot: '{"value":"off"}',
    event: { type: 'xstate.init' },
    ...said,
  });
}

/** One event of `machine/id`: from one leaf to another, and nothing else unless said. */
export function change(ref: string, said: Said): Change {
  const { from = 'off', to = 'on', rev = 2, definition = 1, at = 1_000 } = said;
  const moved = from !== to;
  const entity = parseRef(ref);
  const timers = { clear: false, cancel: [], set: [], ...said.timers };
  return {
    entity: {
      ref: entity,
      rev,
      definition,
      status: said.status ?? 'active',
      state: moved ? to : null,
      snapshot: said.snapshot === undefined ? JSON.stringify({ value: to }) : said.snapshot,
      ...(said.index ? { index: said.index } : {}),
    },
    places: said.places ?? { left: moved && from !== null ? [from] : [], entered: moved ? [to] : [] },
    timers,
    effects: said.effects ?? [],
    supersede: said.supersede ?? [],
    records: said.records ?? [],
    log: note(ref, { at, definition, before: from ?? '', after: to, event: said.event ?? { type: 'PRESS' } }),
  };
}

/** A log row of `machine/id`. */
export function note(ref: string, said: Partial<NewLogRow> = {}): NewLogRow {
  return {
    at: 1_000,
    entity: parseRef(ref),
    event: { type: 'PRESS' },
    by: 'operator',
    cause: null,
    before: 'off',
    after: 'off',
    taken: [],
    definition: 1,
    rejected: null,
    ...said,
  };
}

export function timer(id: string, dueAt: number, said: Partial<Timer> = {}): Timer {
  return { id, name: 'patience', dueAt, delayMs: 500, liveness: false, event: { type: id }, ...said };
}

export function refs(...texts: readonly string[]): readonly EntityRef[] {
  return texts.map(parseRef);
}

/** Makes the definition with row 1, which all changes name. */
export function prepared(store: Store): Store {
  store.commit((tx) => tx.defineMachine({ machine: 'lamp', hash: 'first', settings: { watts: 60 } }));
  return store;
}

export function applyAll(store: Store, ...changes: readonly Change[]): readonly number[] {
  return store.commit((tx: Transaction) => changes.map((one) => tx.apply(one)));
}

/** An environment whose clock stands still and whose dice always fall the same. */
export function standingEnv(now = 1_000): Env {
  const never = { cancel: () => {} };
  return {
    clock: { now: () => now, at: () => never, soon: () => {}, onJump: () => () => {}, notBefore: () => {} },
    random: () => 0.5,
    hex: (length) => 'a'.repeat(length),
    log: () => {},
  };
}
