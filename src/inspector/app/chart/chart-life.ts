/**
 * What lives in a drawn chart: counts, which states are active, which lines were taken last, where the focus stands.
 */
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { type Chart, rootId } from '../../../core/chart.ts';
import type { Layout } from '../../contract.ts';
import { shortCount } from '../../draw/tokens.ts';
import { countWithin, oldestWithin, type Places } from '../counts.ts';
import { spokenDuration, spokenState } from '../words.ts';

export type ChartLife = {
  readonly countOf: (state: string) => number;
  /** What a screen reader says of a state: first what is `written` in it, so that it is called what it looks like. */
  readonly labelOf: (state: string, written: string) => string;
  readonly active: ReadonlySignal<readonly string[]>;
  /** By state: 1 to 5. */
  readonly heat: ReadonlySignal<ReadonlyMap<string, number>>;
  /** Places in `layout.lines`. */
  readonly takenLines: ReadonlySignal<ReadonlySet<number>>;
  /** The state that has the keyboard's focus; null: none. */
  readonly focused: Signal<string | null>;
  /** The state that Tab leads to. */
  readonly stop: ReadonlySignal<string | null>;
};

export type LifeOptions = {
  readonly chart: Chart;
  readonly layout: Layout;
  readonly places: ReadonlySignal<Places>;
  readonly active: ReadonlySignal<readonly string[]>;
  readonly taken: ReadonlySignal<readonly string[]>;
  readonly heat: ReadonlySignal<ReadonlyMap<string, number>>;
  readonly now: ReadonlySignal<number>;
  /** "bead": what one entity is called. */
  readonly word: string;
  readonly plural: string;
};

export function chartLife(options: LifeOptions): ChartLife {
  const { chart, layout, places, active, taken, heat, now, word, plural } = options;
  const kinds = new Map(chart.nodes.map((node) => [node.id, node.kind]));
  const focused = signal<string | null>(null);
  const first = chart.nodes.find(({ id }) => id !== rootId)?.id ?? null;
  const countOf = (state: string) => {
    const inside = countWithin(places.value, state);
    // In regions side by side an entity stands in each: it is still one.
    return kinds.get(state) === 'parallel' ? largestRegion(chart, places.value, state) : inside;
  };
  return {
    countOf,
    labelOf: (state, written) => {
      const count = countOf(state);
      const oldest = oldestWithin(places.value, state);
      // The time of the page when the label was last worked out: one that changes each second would never be read.
      const since = oldest === null ? '' : `, oldest ${spokenDuration(now.peek() - oldest)}`;
      const many = count === 0 ? `, no ${plural}` : ` ${shortCount(count)} ${count === 1 ? word : plural}`;
      return `${written}${many}, ${spokenState(state)}${since}`;
    },
    active,
    heat,
    takenLines: computed(() => linesOf(layout, taken.value)),
    focused,
    stop: computed(() => focused.value ?? first),
  };
}

function largestRegion(chart: Chart, places: Places, state: string): number {
  const regions = chart.nodes.filter(({ parent }) => parent === state);
  return Math.max(countWithin(places, state) === 0 ? 0 : 1, ...regions.map(({ id }) => countWithin(places, id)));
}

/** The lines that stand for these edges. */
export function linesOf(layout: Layout, edges: readonly string[]): ReadonlySet<number> {
  const lines = layout.lines.flatMap((line, index) => (line.edges.some((edge) => edges.includes(edge)) ? [index] : []));
  return new Set(lines);
}
