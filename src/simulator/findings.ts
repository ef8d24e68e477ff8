/** What the oracles found: the property by its number, when, and a sentence. The first one ends a run. */
export type Violation = {
  /** Number of the property, `P12`, or a word for what has no number. */
  readonly property: string;
  /** Milliseconds since the run began. */
  readonly atMs: number;
  readonly sentence: string;
};

export class Findings {
  readonly violations: Violation[] = [];
  readonly #elapsed: () => number;

  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  get any(): boolean {
    return this.violations.length > 0;
  }

  add(property: string, sentence: string): void {
    this.violations.push({ property, atMs: this.#elapsed(), sentence });
  }
}
