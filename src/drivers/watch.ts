/**
 * Looks after one run: hands on what is seen of it, keeps its last lines, and notices when nothing is heard of it
 * any more. Silence is measured from the last sign of life of the session; a server's heartbeat is none. It stands
 * still while a person is asked, and begins only when a throttle is over.
 */
import type { DriverHost } from './host.ts';
import type { DriverEvent, Limits } from './port.ts';
import { createTail, type Tail } from './tail.ts';

export class Watch {
  readonly #host: DriverHost;
  readonly #limits: Limits;
  readonly #tail: Tail = createTail();
  readonly #asked = new Set<string>();
  readonly #tools = new Set<string>();
  #throttled = false;
  #cancel: () => void = () => {};
  #onSilence: (() => void) | null = null;

  constructor(host: DriverHost, limits: Limits) {
    this.#host = host;
    this.#limits = limits;
  }

  /** Hands an event on. All of them are signs of life. */
  emit(event: Exclude<DriverEvent, { kind: 'ended' }>): void {
    if (event.kind === 'output') this.#tail.add(event.text);
    if (event.kind === 'waiting') this.#asked.add(event.id);
    this.#host.emit(event);
    const restMs = event.kind === 'throttled' ? Math.max(0, (event.untilMs ?? 0) - this.#host.now()) : 0;
    if (event.kind === 'throttled') this.#throttled = true;
    this.#arm(restMs);
  }

  /** Something was heard that is not worth an event. */
  alive(): void {
    this.#arm();
  }

  /** A tool of the agent's began or ended: while one runs, silence may last longer. */
  tool(id: string, runs: boolean): void {
    if (runs) this.#tools.add(id);
    else this.#tools.delete(id);
    this.#arm();
  }

  /** The question of this id is no longer open. */
  answered(id: string): void {
    this.#asked.delete(id);
    this.#arm();
  }

  /** For errors and notes of the runtime: kept, but no sign of life. */
  note(text: string): void {
    this.#tail.add(text);
  }

  tail(): string {
    return this.#tail.text();
  }

  /** Begins to listen for silence; `call` comes at most once. */
  begin(call: () => void): void {
    this.#onSilence = call;
    this.#throttled = false;
    this.#arm();
  }

  end(): void {
    this.#onSilence = null;
    this.#asked.clear();
    this.#tools.clear();
    this.#cancel();
  }

  /** True when a throttle was told since `begin`. */
  get throttled(): boolean {
    return this.#throttled;
  }

  get toolRuns(): boolean {
    return this.#tools.size > 0;
  }

  #arm(restMs = 0): void {
    this.#cancel();
    const call = this.#onSilence;
    if (call === null || this.#asked.size > 0) return;
    const quietMs = this.#tools.size > 0 ? this.#limits.toolMs : this.#limits.silenceMs;
    this.#cancel = this.#host.after(restMs + quietMs, () => {
      call();
      this.end();
    });
  }
}
