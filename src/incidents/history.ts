/** What happened in a replay, as it was seen from outside: the log, and each call that the town made to the outside. */

import type { LogRow } from '../store/port.ts';
import type { AttemptView } from '../town/api.ts';

/** A call or an occurrence, in milliseconds since the incident began. */
export type Occurrence = { readonly at: number; readonly bead: string; readonly agent: string; readonly epoch: number };
export type Notice = { readonly at: number; readonly subject: string; readonly cause: string };
/** An outside process: alive from `begun` until `ended`. */
export type LifeOfRun = Occurrence & { readonly ended: number | null };

/** A log row with its time since the incident began. */
export type Row = LogRow & { readonly t: number };

export class History {
  readonly rows: Row[] = [];
  /** First calls of a start, one for each epoch, each with all that its run is told. */
  readonly starts: (Occurrence & { readonly prompt: string })[] = [];
  readonly stops: Occurrence[] = [];
  readonly merges: Occurrence[] = [];
  readonly notices: Notice[] = [];
  readonly violations: { readonly at: number; readonly problem: string }[] = [];
  /** Steps that the town refused, by their index, and those that it should have refused and took. */
  readonly refusals: { readonly at: number; readonly step: number; readonly message: string }[] = [];
  readonly taken = new Set<number>();
  runs: readonly LifeOfRun[] = [];
  attempts = new Map<string, readonly AttemptView[]>();
  contexts: (ref: string, at: number | null) => Readonly<Record<string, unknown>> | null = () => null;
  answers = new Map<string, string>();
  commits = 0;
  /** How often the process died and was started again. */
  restarts = 0;
  end = 0;

  /** Each violation once. */
  violate(at: number, problem: string): void {
    if (!this.violations.some((known) => known.problem === problem)) this.violations.push({ at, problem });
  }

  /** The states that an entity was in, each from its time on. A row that changed nothing is none. */
  statesOf(ref: string): readonly { readonly at: number; readonly state: string }[] {
    const states: { at: number; state: string }[] = [];
    for (const row of this.rows) {
      if (row.rejected !== null || `${row.entity.machine}/${row.entity.id}` !== ref) continue;
      if (states.at(-1)?.state !== row.after) states.push({ at: row.t, state: row.after });
    }
    return states;
  }

  /** Null before its birth. */
  stateAt(ref: string, at: number): string | null {
    return this.statesOf(ref).findLast((entered) => entered.at <= at)?.state ?? null;
  }
}

/** `open` covers `open.ready`; one of several is enough. */
export function isIn(state: string | null, wanted: readonly string[]): boolean {
  return state !== null && wanted.some((one) => state === one || state.startsWith(`${one}.`));
}
