/**
 * What a command touches of the process around it, as a port: two writers, the environment, the folder, the signals.
 * `createShell` is the real one; tests hand in one that remembers what was written.
 */
import type { Env } from '../env/env.ts';
import { createSystemEnv } from '../env/system.ts';

/** Where text for people or programs goes. */
export interface Writer {
  write(text: string): void;
  /** True when a person looks at it: lines may be drawn again, colours may be used. */
  readonly isTerminal: boolean;
  /** Characters in a line. */
  readonly columns: number;
}

export interface Shell {
  readonly out: Writer;
  readonly errors: Writer;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The current folder. */
  readonly directory: string;
  readonly pid: number;
  readonly env: Env;
  /** Returns the unsubscriber. */
  onSignal(signals: readonly NodeJS.Signals[], listener: () => void): () => void;
  /** Ends the process at once. */
  exit(code: number): never;
}

const COLUMNS_DEFAULT = 80;

export function createShell(): Shell {
  process.stdout.on('error', leaveQuietly);
  process.stderr.on('error', leaveQuietly);
  return {
    out: writerTo(process.stdout),
    errors: writerTo(process.stderr),
    environment: process.env,
    directory: process.cwd(),
    pid: process.pid,
    env: createSystemEnv(),
    onSignal(signals, listener) {
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
    exit: (code) => process.exit(code),
  };
}

function writerTo(stream: NodeJS.WriteStream): Writer {
  return {
    write: (text) => void stream.write(text),
    get isTerminal() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns || COLUMNS_DEFAULT;
    },
  };
}

/** `yardmaster log | head` ends when the reader has had enough. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}
