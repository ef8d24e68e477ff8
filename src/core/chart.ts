/**
 * The chart: the graph of a machine as data, for drawing, checking and telling.
 * Its edges have the ids that steps report as taken.
 */
import type { EdgeId, StateId } from './types.ts';

/** The id of a machine's outermost node, which is never left; no state can be called so. */
export const rootId = '(root)';

export type ChartNode = {
  readonly id: StateId;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly description?: string;
  /** Null for the root alone. */
  readonly parent: StateId | null;
  /** The child that a compound node begins in. */
  readonly initial?: StateId;
  /** Set on history nodes. */
  readonly history?: 'shallow' | 'deep';
  /** Named actions, in order. */
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly invokes: readonly { readonly id: string; readonly src: string }[];
  readonly tags: readonly string[];
};

export type ChartEdge = {
  readonly id: EdgeId;
  readonly source: StateId;
  /** Null: the transition stays where it is. With several targets, the first. */
  readonly target: StateId | null;
  /** All targets: more than one only into a parallel state. */
  readonly targets: readonly StateId[];
  /** What a reader calls the trigger: the event's type, `after backoff`, `always`, `done fetch`. */
  readonly event: string;
  /** The type of the event that takes it; null for `always`. */
  readonly eventType: string | null;
  readonly guard?: string;
  /** The delay's name, or its milliseconds as text. */
  readonly delay?: string;
  /** Named actions, in order; those of `outgoing` leave the entity as effects, sends, records or leases. */
  readonly actions: readonly string[];
  readonly outgoing: readonly string[];
  /** True when the source is left and entered again although the target is inside it. */
  readonly reenter: boolean;
};

export type Chart = {
  readonly machine: string;
  /** In document order, the root first. */
  readonly nodes: readonly ChartNode[];
  /** In document order of their sources; transitions that can never do anything (`EVENT: {}`) are left out. */
  readonly edges: readonly ChartEdge[];
};

/** The chart of a definition, `always` and `after` included. The same object for each call. */
export function chart(definition: { readonly survey: { readonly chart: Chart } }): Chart {
  return definition.survey.chart;
}
