/** A shell that remembers what was written, sends signals when told, and leaves nothing behind. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { main } from '../../src/cli/program.ts';
import type { LineReader, Shell, Writer } from '../../src/cli/shell.ts';
import type { Env } from '../../src/env/env.ts';
import { createSystemEnv } from '../../src/env/system.ts';

const DEADLINE_MS = 20_000;

export class MemoryWriter implements Writer {
  readonly columns: number;
  readonly isTerminal: boolean;
  text = '';
  #waiting: { readonly pattern: RegExp; readonly found: () => void }[] = [];

  constructor({ columns = 100, isTerminal = false } = {}) {
    this.columns = columns;
    this.isTerminal = isTerminal;
  }

  write(text: string): void {
    this.text += text;
    const found = this.#waiting.filter(({ pattern }) => pattern.test(this.text));
    this.#waiting = this.#waiting.filter((waiter) => !found.includes(waiter));
    for (const waiter of found) waiter.found();
  }

  /** Resolves when the text holds the pattern; rejects with the text after a deadline. */
  has(pattern: RegExp): Promise<void> {
    if (pattern.test(this.text)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`${pattern} did not come within ${DEADLINE_MS} ms:\n${this.text}`)),
        DEADLINE_MS,
      );
      const found = () => {
        clearTimeout(late);
        resolve();
      };
      this.#waiting.push({ pattern, found });
    });
  }
}

export type TestShell = Shell & {
  readonly out: MemoryWriter;
  readonly errors: MemoryWriter;
  signal(name: NodeJS.Signals): void;
  /** A person types a line. */
  type(line: string): void;
  /** Runs a command line; resolves with the exit code. */
  run(...words: readonly string[]): Promise<number>;
};

type Options = {
  readonly directory?: string;
  readonly environment?: Record<string, string>;
  readonly env?: Env;
  readonly isTyping?: boolean;
};

export function testShell({
  directory = folder(),
  environment = {},
  env = createSystemEnv({ log: () => {} }),
  isTyping = false,
}: Options = {}): TestShell {
  const listeners = new Set<{ readonly signals: readonly NodeJS.Signals[]; readonly call: () => void }>();
  const out = new MemoryWriter();
  const errors = new MemoryWriter();
  const typed = new Set<(line: string) => void>();
  const input: LineReader = {
    isTerminal: isTyping,
    onLine: (listener) => {
      typed.add(listener);
      return () => typed.delete(listener);
    },
  };
  const shell: TestShell = {
    ...{ out, errors, input, directory, env, pid: process.pid },
    type: (line) => {
      for (const listener of [...typed]) listener(line);
    },
    environment: { PATH: process.env.PATH, HOME: directory, LANG: 'C.UTF-8', ...environment },
    logTo: () => {},
    onSignal: (signals, call) => {
      const listener = { signals, call };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exit: (code) => {
      throw new Error(`the process was ended with ${code}`);
    },
    signal: (name) => {
      for (const { signals, call } of [...listeners]) if (signals.includes(name)) call();
    },
    run: (...words) => main(shell, words),
  };
  return shell;
}

/** A folder that is removed after the test. */
export function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-cli-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true, maxRetries: 20 }));
  return path;
}
