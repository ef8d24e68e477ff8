/**
 * Shows a town at work: on a terminal a bar that is drawn again below the lines, elsewhere plain lines alone.
 */
import type { Alarm, Clock } from '../env/env.ts';
import type { LogRow } from '../store/port.ts';
import { type Board, lotOf, type Tally } from './board.ts';
import type { Recovery } from './recovery.ts';
import type { Writer } from './shell.ts';
import { clip, duration, type Paint, plain } from './text.ts';

const BAR_CELLS = 24;
const TICK_MS = 1_000;
const SUBJECT_CELLS = 16;
const ERASE_LINE = '\r\u001b[2K';

export type ProgressOptions = {
  readonly writer: Writer;
  readonly paint: Paint;
  readonly clock: Clock;
  readonly board: Board;
};

/** The bar and its numbers, on one line of at most `columns` characters, without colours. */
export function statusLine(
  tally: Tally,
  elapsedMs: number,
  working: readonly { agent: string; bead: string }[],
): string {
  const { total, closed, failed, running, merging, waiting, blocked } = tally;
  const numbers = [
    `${closed}/${total} closed`,
    ...[count(failed, 'failed'), count(running, 'running'), count(merging, 'merging')],
    ...[count(waiting, 'waiting'), count(blocked, 'blocked')],
  ].filter(Boolean);
  const who = working.map(({ agent, bead }) => `${agent} ${bead}`).join(', ');
  return `${bar(tally)} ${numbers.join(', ')} · ${duration(elapsedMs)}${who === '' ? '' : ` · ${who}`}`;
}

function count(number: number, word: string): string {
  return number === 0 ? '' : `${number} ${word}`;
}

function bar({ total, closed, failed, running, merging }: Tally): string {
  const cells = (beads: number) => (total === 0 ? 0 : Math.floor((beads * BAR_CELLS) / total));
  const done = cells(closed);
  const lost = cells(closed + failed) - done;
  const busy = cells(closed + failed + running + merging) - done - lost;
  return `[${'█'.repeat(done)}${'×'.repeat(lost)}${'▒'.repeat(busy)}${'░'.repeat(BAR_CELLS - done - lost - busy)}]`;
}

export class Progress {
  readonly #options: ProgressOptions;
  readonly #startedAt: number;
  #tick: Alarm | null = null;
  /** What the bar shows; null when it is not there. */
  #drawn: string | null = null;
  #isOpen = true;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    if (options.writer.isTerminal) this.#schedule();
  }

  /** A line above the bar. */
  line(text: string): void {
    this.#erase();
    this.#options.writer.write(`${text}\n`);
    this.#draw();
  }

  /** What a commit brought: lines for beads that came to an end, and the bar anew. */
  take(rows: readonly LogRow[]): void {
    for (const row of rows) {
      const text = row.rejected === null && row.entity.machine === 'bead' ? this.#endLine(row) : null;
      if (text) this.line(text);
    }
    if (this.#options.writer.isTerminal) this.#redraw();
  }

  recovery({ at, subject, happened, answer, tone }: Recovery): void {
    const { paint, writer } = this.#options;
    const colour = tone === 'mended' ? 'green' : tone === 'lost' ? 'red' : 'yellow';
    const head = `${this.#since(at)}  ${paint(colour, plain(subject).padEnd(SUBJECT_CELLS))}`;
    const room = writer.isTerminal ? Math.max(writer.columns * 2 - answer.length, 40) : 200;
    this.line(`${head}  ${clip(happened, room)} ${paint('dim', '→')} ${answer}`);
  }

  /** No bar from now on; lines go on. */
  pause(): void {
    this.#isOpen = false;
    this.#tick?.cancel();
    this.#erase();
  }

  /** On a terminal the bar tells of what is closed, elsewhere a line does. What failed has the line of its recovery. */
  #endLine({ entity, at, before, after, event }: LogRow): string | null {
    if (this.#options.writer.isTerminal || lotOf(after) !== 'closed' || before === after) return null;
    const { closed, total } = this.#options.board.tally();
    const result = event.result as { commit?: unknown } | undefined;
    const commit = typeof result?.commit === 'string' ? ` ${result.commit.slice(0, 7)}` : '';
    const subject = `${this.#since(at)}  ${entity.id.padEnd(SUBJECT_CELLS)}`;
    return `${subject}  ${after.replace('closed.', '')}${commit} (${closed}/${total})`;
  }

  #since(at: number): string {
    return duration(at - this.#startedAt).padStart(7);
  }

  #schedule(): void {
    const { clock } = this.#options;
    this.#tick = clock.at(
      clock.now() + TICK_MS,
      () => {
        this.#redraw();
        this.#schedule();
      },
      { background: true },
    );
  }

  #redraw(): void {
    if (this.#drawn === null || this.#drawn !== this.#text()) {
      this.#erase();
      this.#draw();
    }
  }

  #erase(): void {
    if (this.#drawn === null) return;
    this.#options.writer.write(ERASE_LINE);
    this.#drawn = null;
  }

  #draw(): void {
    const { writer, paint } = this.#options;
    if (!writer.isTerminal || !this.#isOpen) return;
    this.#drawn = this.#text();
    writer.write(paint('cyan', this.#drawn));
  }

  #text(): string {
    const { writer, clock, board } = this.#options;
    const text = statusLine(board.tally(), clock.now() - this.#startedAt, board.working());
    return clip(text, writer.columns - 1);
  }
}
