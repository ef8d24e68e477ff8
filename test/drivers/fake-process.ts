/** A process that a test plays: it hears what the driver writes, and says what the test wants. */

import type { DriverProcess, LineListener, ProcessEnd, SpawnOrder } from '../../src/drivers/host.ts';
import { VirtualHost } from './virtual-host.ts';

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

/** What a process does when it was started. */
export type Play = (process: FakeProcess) => void;

/** A host whose n-th process does the n-th play; each is put into the list. */
export function scriptedHost(processes: FakeProcess[], plays: () => readonly Play[]): VirtualHost {
  const host = new VirtualHost();
  host.onSpawn = (order) => {
    const process = new FakeProcess(order);
    plays()[processes.length]?.(process);
    processes.push(process);
    return process;
  };
  return host;
}

/** A process that says these lines and ends by itself. */
export const says =
  (...lines: readonly object[]): Play =>
  (process) => {
    for (const line of lines) process.say(line);
    process.exit({ code: 0, signal: null });
  };
