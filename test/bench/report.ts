/** The table that a run prints, line by line as the figures come: what, how much, the goal, and whether it is met. */
import { figure } from './figures.ts';

export type Goal = { readonly atLeast: number } | { readonly atMost: number };

const WHAT = 66;
const VALUE = 12;
const GOAL = 12;

export class Report {
  readonly #write: (line: string) => void;
  readonly #missed: string[] = [];
  #goals = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
    this.#line(['figure', 'value', 'goal', 'verdict']);
  }

  /** Begins a group of figures. */
  section(title: string): void {
    this.#write('');
    this.#write(title);
  }

  /** One figure. A number that is none misses its goal. */
  row(what: string, value: number, goal?: Goal): void {
    if (goal === undefined) {
      this.#line([`  ${what}`, figure(value), '', '']);
      return;
    }
    const isMet = 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
    const wanted = 'atLeast' in goal ? `≥ ${short(goal.atLeast)}` : `≤ ${short(goal.atMost)}`;
    this.#goals += 1;
    if (!isMet) this.#missed.push(what);
    this.#line([`  ${what}`, figure(value), wanted, isMet ? 'met' : 'missed']);
  }

  /** The last lines: how many goals are met, and which are not. */
  end(): void {
    this.#write('');
    this.#write(`${this.#goals - this.#missed.length} of ${this.#goals} goals are met`);
    for (const what of this.#missed) this.#write(`  missed: ${what}`);
  }

  #line([what, value, goal, verdict]: readonly [string, string, string, string]): void {
    this.#write(`${what.padEnd(WHAT)}${value.padStart(VALUE)}  ${goal.padEnd(GOAL)}${verdict}`.trimEnd());
  }
}

function short(value: number): string {
  return value.toLocaleString('en-US');
}
