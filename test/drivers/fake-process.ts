/** A process that a test plays: it hears what the driver writes, and says what the test wants. */
import type { DriverProcess, LineListener, ProcessEnd, SpawnOrder } from '../../src/drivers/host.ts';

export class FakeProcess implements DriverProcess {
  readonly ended: Promise<ProcessEnd>;
  readonly killed: string[] = [];
  readonly order: SpawnOrder;
  /** What it does when it is killed; by default it ends. */
  onKill: (signal: 'SIGTERM' | 'SIGKILL') => void = (signal) => this.exit({ code: null, signal });
  onWrite: (text: string) => void = () => {};
  #listener: LineListener | null = null;
  readonly #kept: Parameters<LineListener>[] = [];
  #finish: (end: ProcessEnd) => void = () => {};

  constructor(order: SpawnOrder) {
    this.order = order;
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  say(line: string | object, from: 'output' | 'error' = 'output'): this {
    const text = typeof line === 'string' ? line : JSON.stringify(line);
    if (this.#listener) this.#listener(text, from);
    else this.#kept.push([text, from]);
    return this;
  }

  exit(end: ProcessEnd): void {
    this.#finish(end);
  }

  write(text: string): void {
    this.onWrite(text);
  }

  closeInput(): void {
    this.exit({ code: 0, signal: null });
  }

  onLine(listener: LineListener): void {
    this.#listener = listener;
    for (const [line, from] of this.#kept.splice(0)) listener(line, from);
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.killed.push(signal);
    this.onKill(signal);
  }
}
