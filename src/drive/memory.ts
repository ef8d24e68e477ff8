/**
 * What a run leaves for the next run of its bead by the same agent: which conversation it had, with which runtime, and
 * how that ended. A conversation goes on where that helps; one whose end would only be repeated is left alone, and a
 * new one begins with the handover.
 */
import type { DriverHost } from '../drivers/host.ts';
import type { DriverName, Ended } from '../drivers/port.ts';

/** Who converses. */
export type Speaker = {
  readonly driver: DriverName;
  readonly model: string | null;
  readonly epoch: number;
  /** Where it works. */
  readonly directory: string;
};

type Kept = Speaker & {
  readonly session: string | null;
  /** Runs in a row that failed in this conversation. */
  readonly failures: number;
  /** Why nothing is gained by going on with it; null: it may go on. */
  readonly spent: string | null;
};

/** Two failed runs in one conversation: the third tries without. */
const FAILURES_MAX = 2;
const tooLong = new RegExp(
  [
    /context[ _-]?(?:length|window|limit)|maximum context|context.{0,40}exceed|exceeds? the (?:context|maximum)/,
    /(?:prompt|input|conversation|request) (?:is )?too (?:long|large)|too many (?:input )?tokens/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'i',
);

export class Memory {
  readonly #host: Pick<DriverHost, 'readFile' | 'writeFile'>;
  readonly #file: string;
  readonly #speaker: Speaker;
  #kept: Kept | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(host: Pick<DriverHost, 'readFile' | 'writeFile'>, file: string, speaker: Speaker) {
    this.#host = host;
    this.#file = file;
    this.#speaker = speaker;
  }

  /** The conversation to go on with, of which run it was, and where; null: begin a new one. */
  async recall(): Promise<{ readonly session: string; readonly epoch: number; readonly directory: string } | null> {
    this.#kept = read(await this.#host.readFile(this.#file));
    const kept = this.#kept;
    if (kept?.session == null || kept.driver !== this.#speaker.driver || kept.model !== this.#speaker.model)
      return null;
    const isOwn = kept.epoch === this.#speaker.epoch;
    if (!isOwn && (kept.spent !== null || kept.failures >= FAILURES_MAX)) return null;
    return { session: kept.session, epoch: kept.epoch, directory: kept.directory };
  }

  /** The runtime has named the conversation of this run. */
  holds(session: string): void {
    const known = this.#kept?.session === session ? this.#kept : null;
    this.#keep({ ...this.#speaker, session, failures: known?.failures ?? 0, spent: null });
  }

  /** Resolves when all is written. */
  async ended(ended: Ended): Promise<void> {
    if (this.#kept?.epoch === this.#speaker.epoch && this.#kept.session !== null) this.#keep(after(this.#kept, ended));
    await this.#writing;
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    this.#writing = this.#writing.then(() => this.#host.writeFile(this.#file, JSON.stringify(kept)));
  }
}

function after(kept: Kept, ended: Ended): Kept {
  if (ended.outcome === 'completed') return { ...kept, failures: 0 };
  if (ended.outcome === 'stopped') return kept;
  const { failure, reason } = ended;
  // It was asked to go on in this conversation, as often as it may be, and refused, or did not.
  const spent = failure === 'work' || tooLong.test(reason) ? reason : null;
  // A wrong key is no fault of what was said.
  return { ...kept, failures: kept.failures + (failure === 'permanent' ? 0 : 1), spent };
}

/** A file that is cut short, or of an earlier version, is none. */
function read(text: string | null): Kept | null {
  try {
    const kept = JSON.parse(text ?? 'null') as Kept | null;
    return typeof kept?.session === 'string' && typeof kept.epoch === 'number' ? kept : null;
  } catch {
    return null;
  }
}
