/** Problems of a file: collected, bounded, put in the order of the file, and told in one refusal. */
import { Refused } from '../../core/errors.ts';

/** One thing to correct. Lines and columns count from 1. */
export type Problem = {
  readonly line: number;
  readonly column: number;
  /** `beads[3].title`; empty for the file itself. */
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
};

export type Path = readonly PropertyKey[];

/** So that an answer stays readable: what is beyond is counted, not listed. */
const LISTED_MAX = 1_000;
const SHOWN_MAX = 80;

export class Problems {
  /** By where it is: of several problems with one value, the first says enough. */
  readonly #listed = new Map<string, Problem>();
  #unlisted = 0;

  get count(): number {
    return this.#listed.size + this.#unlisted;
  }

  /** The problem is made only when there is room for it. */
  add(make: () => Problem): void {
    if (this.#listed.size >= LISTED_MAX) {
      this.#unlisted += 1;
      return;
    }
    const problem = make();
    const place = `${problem.line}:${problem.column}:${problem.path}`;
    if (!this.#listed.has(place)) this.#listed.set(place, problem);
  }

  /** Everything that was added, as one refusal. */
  refusal(file: string): Refused {
    const problems = [...this.#listed.values()].sort((a, b) => a.line - b.line || a.column - b.column);
    const lines = problems.map((each) => `${file}:${each.line}:${each.column}: ${sentence(each)}`);
    if (this.#unlisted > 0) lines.push(`… and ${this.#unlisted} more`);
    const heading = this.count === 1 ? '1 problem' : `${this.count} problems`;
    return new Refused('invalid', `${file} has ${heading}, nothing of it was taken:\n${lines.join('\n')}`, {
      problems,
    });
  }
}

function sentence({ path, problem, remedy }: Problem): string {
  return `${path === '' ? '' : `${path} `}${problem} — ${remedy}`;
}

/** `['beads', 3, 'title']` → `beads[3].title`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? shown(part) : `${text}.${shown(part)}`;
  }, '');
}

/** A name from the file, safe to print: short, in one line, without control characters. */
export function shown(name: PropertyKey): string {
  const text = String(name).replace(/\p{C}/gu, '?');
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
