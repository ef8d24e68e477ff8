/** What an attached person sees: the run's output as it is, and remarks of ours that can be told from it. */
import type { AttemptView, ContainerStatus, EntityView } from '../../town/api.ts';
import { isAway } from '../commands/status.ts';
import type { Shell } from '../shell.ts';
import { clip, duration, type Paint, paintFor, plain, plainLines } from '../text.ts';

const WORDS_CELLS = 60;

export type Ending = { readonly outcome: string | null; readonly reason: string | null };

export class Screen {
  readonly #shell: Shell;
  readonly #paint: Paint;
  readonly #isRaw: boolean;
  #isLineOpen = false;

  /** Remarks go where no pipe of the output takes them. */
  constructor(shell: Shell, isRaw: boolean) {
    this.#shell = shell;
    this.#paint = paintFor(shell.errors, shell.environment);
    this.#isRaw = isRaw;
  }

  output(text: string): void {
    if (text === '') return;
    this.#shell.out.write(this.#isRaw ? text : plainLines(text));
    this.#isLineOpen = !text.endsWith('\n');
  }

  remark(text: string): void {
    const { out, errors } = this.#shell;
    if (this.#isLineOpen && out.isTerminal) errors.write('\n');
    this.#isLineOpen = false;
    errors.write(`${this.#paint('cyan', `-- ${plain(text)}`)}\n`);
  }
}

/** Who works on what since when: `run 7 of agent p1 works on bead b1, its second, for 3 min (working.running)`. */
export function introduction(view: EntityView, attempt: AttemptView | null, rest: Introduced): string {
  const { now, number } = rest;
  const { bead } = view.context;
  const since = attempt?.startedAt ?? attempt?.dispatchedAt ?? null;
  const time = since === null ? '' : `, since ${duration(now - since)}`;
  const run = `run ${rest.epoch} of agent ${view.id}`;
  if (attempt !== null && attempt.endedAt !== null) {
    return `${run} of bead ${attempt.bead} is over: ${ending(attempt)}`;
  }
  return `${run} works on bead ${String(bead ?? '?')}, attempt ${number}${time} (${view.substate})`;
}

export type Introduced = { readonly now: number; readonly epoch: number; readonly number: number };

/** Why nothing is to be seen of its run, where its runner is away. */
export function silence({ context }: EntityView, containers: readonly ContainerStatus[]): string | null {
  const host = containers.find(({ id }) => id === context.container);
  if (host === undefined || !isAway(host)) return null;
  return `its runner ${host.id} is not connected: what the run prints is shown when it is back`;
}

/** `completed`, or `failed: ended with exit code 3`. */
export function ending({ outcome, reason }: Ending): string {
  return outcome === 'completed' ? 'completed' : `${outcome ?? 'ended'}${reason ? `: ${plain(reason)}` : ''}`;
}

export function quoted(text: string): string {
  return `"${clip(plain(text), WORDS_CELLS)}"`;
}
