/** Looking back over a machine: its counts after each of its last rows, by undoing rows from now. */
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { LogLine, ProblemView } from '../../../contract.ts';
import { asProblem } from '../../api.ts';
import { type App, useApp } from '../../app.ts';
import { beforeMove, type MachineCounts, type Places } from '../../counts.ts';
import { paths } from '../../paths.ts';

/** So many rows can be gone back over. */
const ROWS_MAX = 600;

/** The counts after each row, oldest row first; the first element stands before all of them. Rows are newest first. */
export function rewound(now: MachineCounts, rows: readonly LogLine[]): readonly Places[] {
  const past: Places[] = [now.places];
  let counts = now;
  for (const row of rows) {
    counts = beforeMove(counts, row);
    past.push(counts.places);
  }
  return past.reverse();
}

type Loaded = { readonly rows: readonly LogLine[]; readonly places: readonly Places[] };

export class AsOf {
  /** The counts of the moment; null: live. */
  readonly places: ReadonlySignal<Places | null>;
  readonly isOn: ReadonlySignal<boolean>;
  /** The row that was just taken; null before the first one. */
  readonly row: ReadonlySignal<LogLine | null>;
  readonly taken: ReadonlySignal<readonly string[]>;
  readonly problem = signal<ProblemView | null>(null);
  readonly isLoading = signal(false);
  readonly #loaded = signal<Loaded | null>(null);
  /** How many of the rows have happened. */
  readonly #at = signal(0);
  readonly #app: App;
  readonly #machine: string;

  constructor(app: App, machine: string) {
    this.#app = app;
    this.#machine = machine;
    this.isOn = computed(() => this.#loaded.value !== null || this.isLoading.value);
    this.places = computed(() => this.#loaded.value?.places[this.#at.value] ?? null);
    this.row = computed(() => this.#loaded.value?.rows[this.#at.value - 1] ?? null);
    this.taken = computed(() => this.row.value?.taken ?? []);
  }

  get position(): number {
    return this.#at.value;
  }

  get steps(): number {
    return this.#loaded.value?.rows.length ?? 0;
  }

  async enter(): Promise<void> {
    if (this.isLoading.peek()) return;
    this.isLoading.value = true;
    this.problem.value = null;
    try {
      const now = this.#app.live.counts.peek().get(this.#machine);
      const rows = now === undefined ? [] : await this.#rowsUpTo(now.seq);
      const places = now === undefined ? [new Map()] : rewound(now, rows);
      this.#at.value = rows.length;
      this.#loaded.value = { rows: rows.toReversed(), places };
    } catch (thrown) {
      this.problem.value = asProblem(thrown);
    } finally {
      this.isLoading.value = false;
    }
  }

  leave(): void {
    this.#loaded.value = null;
    this.problem.value = null;
  }

  moveTo(position: number): void {
    this.#at.value = Math.min(this.steps, Math.max(0, position));
  }

  /** Newest first; those after the counts were taken are not to be undone. */
  async #rowsUpTo(seq: number): Promise<LogLine[]> {
    const rows: LogLine[] = [];
    let before: string | null = String(seq + 1);
    while (before !== null && rows.length < ROWS_MAX) {
      const page: { lines: { items: readonly LogLine[]; next: string | null } } = await this.#app.api.get(
        paths.log({ machine: this.#machine }, before),
      );
      rows.push(...page.lines.items.filter((row) => row.seq <= seq));
      before = page.lines.next;
    }
    return rows.slice(0, ROWS_MAX);
  }
}

export function useAsOf(machine: string): AsOf {
  const app = useApp();
  return useMemo(() => new AsOf(app, machine), [app, machine]);
}
