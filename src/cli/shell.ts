/**
 * What a command touches of the process around it, as a port: two writers, the environment, the folder, the signals.
 * `createShell` is the real one; tests hand in one that remembers what was written.
 */
import { createInterface } from 'node:readline';
import type { Env, LogLevel } from '../env/env.ts';
import { createSystemEnv } from '../env/system.ts';
import { plain } from './text.ts';

/** Where text for people or programs goes. */
export interface Writer {
  write(text: string): void;
  /** True when a person looks at it: lines may be drawn again, colours may be used. */
  readonly isTerminal: boolean;
  /** Characters in a line. */
  readonly columns: number;
}

/** What a person types, line by line. */
export interface LineReader {
  /** True when a person is there to type. */
  readonly isTerminal: boolean;
  /** Returns the unsubscriber, after which nothing is read any more. */
  onLine(listener: (line: string) => void): () => void;
}

export type LogSink = (level: LogLevel, message: string) => void;

export interface Shell {
  readonly out: Writer;
  readonly errors: Writer;
  readonly input: LineReader;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The current folder. */
  readonly directory: string;
  readonly pid: number;
  readonly env: Env;
  /** Where warnings and errors of the town go from now on; to the error writer until then. */
  logTo(sink: LogSink): void;
  /** Returns the unsubscriber. */
  onSignal(signals: readonly NodeJS.Signals[], listener: () => void): () => void;
  /** Ends the process at once. */
  exit(code: number): never;
}

const COLUMNS_DEFAULT = 80;

export function createShell(): Shell {
  process.stdout.on('error', leaveQuietly);
  process.stderr.on('error', leaveQuietly);
  const errors = writerTo(process.stderr);
  let sink: LogSink = (level, message) => errors.write(`${level}: ${plain(message)}\n`);
  const log = (level: LogLevel, message: string) => {
    if (level === 'warn' || level === 'error') sink(level, message);
  };
  return {
    out: writerTo(process.stdout),
    errors,
    input: lineReader(),
    environment: process.env,
    directory: process.cwd(),
    pid: process.pid,
    env: createSystemEnv({ log }),
    logTo: (next) => {
      sink = next;
    },
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

function lineReader(): LineReader {
  return {
    get isTerminal() {
      return process.stdin.isTTY === true;
    },
    onLine(listener) {
      const lines = createInterface({ input: process.stdin, terminal: false });
      lines.on('line', listener);
      return () => lines.close();
    },
  };
}

/** `yardmaster log | head` ends when the reader has had enough. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}
