/**
 * An entity as it was right after a row of the log, by replay: with the timers that were armed and the effects that
 * were wanted then. Stops on the way are remembered, so that a slider that is dragged costs little.
 */
import type { Definition } from '../../core/define.ts';
import { coerceError, Refused } from '../../core/errors.ts';
import { RecentMap } from '../../core/recent-map.ts';
import { acceptedEvents, contextOf, type Hydrated, hears } from '../../core/snapshot.ts';
import { birth, type Taken, take } from '../../core/step.ts';
import { type EntityRef, type EpochMs, type JsonValue, refText, type Seq } from '../../core/types.ts';
import type { LogRow } from '../../store/port.ts';
import type { MomentView } from '../contract.ts';
import type { InspectorSource } from '../source.ts';
import { masked } from './texts.ts';

/** Rows between two stops, which are also the rows of one slice. */
const STOP_EVERY = 200;
/** Rows that one question replays at most. */
const ROWS_MAX = 20_000;
const STOPS_MAX = 2_000;

type Wanted = { readonly type: string; readonly params: JsonValue; readonly scope: string | null };

/** Where a replay stands. Never changed: each row makes another one. */
type Fold = {
  readonly seq: Seq;
  readonly at: EpochMs;
  readonly state: string;
  readonly taken: readonly string[];
  /** Null: not born yet, or written by a machine that is not known any more. */
  readonly snapshot: Hydrated | null;
  readonly definition: Definition | null;
  /** True when a row could not be replayed: what follows is the log's word alone. */
  readonly isLost: boolean;
  readonly timers: ReadonlyMap<string, { readonly name: string; readonly dueAt: EpochMs }>;
  readonly effects: ReadonlyMap<string, Wanted>;
};

const unborn: Fold = {
  ...{ seq: 0, at: 0, state: '', taken: [], snapshot: null, definition: null, isLost: false },
  ...{ timers: new Map(), effects: new Map() },
};

export class Moments {
  readonly #source: InspectorSource;
  /** By entity, and by how many stops it is away from the birth. */
  readonly #stops = new RecentMap<Fold>(STOPS_MAX);

  constructor(source: InspectorSource) {
    this.#source = source;
  }

  /** Refused `not_found` when it was not born then, `too_large` for a history that is too long to replay. */
  async at(ref: EntityRef, seq: Seq): Promise<MomentView> {
    const fold = await this.#replay(ref, seq);
    if (fold.seq === 0) {
      throw new Refused('not_found', `${refText(ref)} was not there yet at position ${seq} of the log`, { seq });
    }
    const { snapshot, definition } = fold;
    const machine = this.#source.descriptions.find((description) => description.machine === ref.machine);
    const context = snapshot ? contextOf(snapshot) : {};
    const mask = (value: unknown) => masked(value, this.#source.mask) as MomentView['context'];
    return {
      ...{ ref: refText(ref), at: seq, time: fold.at, state: fold.state, exact: !fold.isLost },
      context: mask(machine?.redact?.(context) ?? context),
      accepts: snapshot && definition ? acceptedEvents(definition, snapshot) : [],
      taken: fold.taken,
      timers: [...fold.timers.values()].sort((a, b) => a.dueAt - b.dueAt),
      effects: [...fold.effects].map(([key, { type, params }]) => ({ key, type, params: mask(params) })),
    };
  }

  async #replay(ref: EntityRef, seq: Seq): Promise<Fold> {
    const { reads, env } = this.#source;
    const name = refText(ref);
    let [fold, stop] = this.#nearest(name, seq);
    for (let rows = 0; rows < ROWS_MAX; rows += STOP_EVERY) {
      const page = reads.log({ entity: ref }, { from: fold.seq, limit: STOP_EVERY, order: 'asc' });
      for (const row of page) {
        if (row.seq > seq) return fold;
        fold = after(this.#source, fold, row);
      }
      if (page.length < STOP_EVERY) return fold;
      stop += 1;
      this.#stops.set(name, String(stop), fold);
      await new Promise<void>((resolve) => env.clock.soon(resolve));
    }
    const message = `${name} has more than ${ROWS_MAX} rows before that position: look at an earlier one first`;
    throw new Refused('too_large', message, { rowsMax: ROWS_MAX });
  }

  /** The last stop that is not beyond the position, and its number. */
  #nearest(name: string, seq: Seq): [Fold, number] {
    let found: [Fold, number] = [unborn, 0];
    for (let stop = 1; ; stop += 1) {
      const fold = this.#stops.get(name, String(stop));
      if (!fold || fold.seq > seq) return found;
      found = [fold, stop];
    }
  }
}

function after(source: InspectorSource, fold: Fold, row: LogRow): Fold {
  const here = { ...fold, seq: row.seq, at: row.at, taken: row.taken };
  if (row.rejected !== null) return here;
  const definition = source.definitionOf(row.definition);
  const taken = fold.isLost || !definition ? null : stepOf(definition, fold.snapshot, row);
  if (!taken || !definition) {
    return { ...here, ...{ state: row.after, snapshot: null, definition: null, isLost: true }, ...nothing };
  }
  return {
    ...{ ...here, state: row.after, snapshot: taken.snapshot, definition },
    timers: timersAfter(fold, row, taken),
    effects: effectsAfter(fold, row, { taken, definition }),
  };
}

const nothing = { timers: unborn.timers, effects: unborn.effects };

/** Null when the machine does not go where the log says. */
function stepOf(definition: Definition, before: Hydrated | null, { event, at, after }: LogRow): Taken | null {
  try {
    if (before === null && event.type !== 'xstate.init') return null;
    const taken =
      before === null ? birth(definition, (event.input ?? null) as JsonValue, at) : take(definition, before, event, at);
    return taken.step.accepted && taken.step.after.join(' ') === after ? taken : null;
  } catch (thrown) {
    coerceError(thrown);
    return null;
  }
}

/** Without jitter, which is not in the log: about then. */
function timersAfter(fold: Fold, { event, at }: LogRow, { step }: Taken): Fold['timers'] {
  if (step.status !== 'active') return unborn.timers;
  const timers = new Map(fold.timers);
  // A timer that fired is gone: its event has its id as its type.
  timers.delete(event.type);
  for (const id of step.timers.cancel) timers.delete(id);
  for (const { id, name, delayMs } of step.timers.set) timers.set(id, { name, dueAt: at + delayMs });
  for (const name of step.extend) {
    for (const [id, timer] of timers) {
      const length = timer.dueAt - fold.at;
      if (timer.name === name) timers.set(id, { ...timer, dueAt: Math.max(timer.dueAt, at + Math.max(0, length)) });
    }
  }
  return timers;
}

type Step = { readonly taken: Taken; readonly definition: Definition };

function effectsAfter(fold: Fold, row: LogRow, { taken: { step }, definition }: Step): Fold['effects'] {
  const effects = new Map(fold.effects);
  const { key } = row.event;
  if (typeof key === 'string') effects.delete(key);
  for (const [wanted, { scope, type }] of effects) {
    // How an effect ended that nobody hears of is not in the log.
    if ((scope !== null && step.supersede.includes(scope)) || !isHeard(definition, type)) effects.delete(wanted);
  }
  step.effects.forEach(({ type, params, scope }, index) => {
    effects.set(`${refText(row.entity)}#${row.seq}#${index}`, { type, params, scope });
  });
  return effects;
}

function isHeard(definition: Definition, type: string): boolean {
  return ['succeeded', 'refused', 'unanswered'].some((kind) => hears(definition, `effect.${type}.${kind}`));
}
