/**
 * The line of a long look at a town to that town: it may be restarted meanwhile, and is then waited for. That it was
 * away, and that it is back, is said once each.
 */
import { Refused, Retryable } from '../../core/errors.ts';
import { pause } from '../../env/waiting.ts';
import type { Client } from '../client.ts';
import { connect } from '../connection.ts';
import type { Shell } from '../shell.ts';

const COME_BACK_MS = 500;
const AWAY_MAX_MS = 10 * 60_000;

export class Line {
  readonly #shell: Shell;
  readonly #directory: string;
  readonly #remark: (text: string) => void;
  readonly #signal: AbortSignal;
  #awaySince: number | null = null;

  constructor(shell: Shell, directory: string, rest: { remark: (text: string) => void; signal: AbortSignal }) {
    this.#shell = shell;
    this.#directory = directory;
    this.#remark = rest.remark;
    this.#signal = rest.signal;
  }

  /**
   * The call's answer, however often the town is restarted before it comes; the call is made anew each time.
   * Throws the signal's reason when that aborts; Retryable when the town stays away; Refused as the town does.
   */
  async use<T>(call: (client: Client) => Promise<T>): Promise<T> {
    for (;;) {
      this.#signal.throwIfAborted();
      try {
        const client = connect(this.#shell, this.#directory);
        if (client === null) throw new Retryable('no process has the town open', 0);
        const answer = await call(client);
        this.here();
        return answer;
      } catch (thrown) {
        this.#signal.throwIfAborted();
        const isAway = thrown instanceof Retryable || (thrown instanceof Refused && thrown.code === 'unavailable');
        if (!isAway || !this.#isWaiting()) throw thrown;
      }
      await pause(this.#shell.env, COME_BACK_MS, { signal: this.#signal });
    }
  }

  /** The town has said something. */
  here(): void {
    if (this.#awaySince !== null) this.#remark('the town is back');
    this.#awaySince = null;
  }

  #isWaiting(): boolean {
    const now = this.#shell.env.clock.now();
    if (this.#awaySince === null) this.#remark('the town is away; its runs go on, and this comes back when it does');
    this.#awaySince ??= now;
    return now - this.#awaySince < AWAY_MAX_MS;
  }
}
