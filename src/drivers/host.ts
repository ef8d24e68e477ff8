/**
 * What a driver may touch of the world. The supervisor of a run implements it with real processes and clocks, tests
 * with virtual ones. Nothing else leaks: drivers import no `node:` module.
 */
import type { EpochMs } from '../core/types.ts';
import type { DriverEvent } from './port.ts';

export type SpawnOrder = {
  readonly argv: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Written to the standard input, which is closed after it. Null: the input stays open for `write`. */
  readonly input: string | null;
};

export type ProcessEnd = {
  readonly code: number | null;
  readonly signal: string | null;
  /** The system's code, such as ENOENT, when it never began. */
  readonly failure?: string;
};

/** Called with each whole line, without its end. */
export type LineListener = (line: string, from: 'output' | 'error') => void;

export interface DriverProcess {
  write(text: string): void;
  closeInput(): void;
  /** Lines from before the first listener are kept for it. One listener. */
  onLine(listener: LineListener): void;
  /** Resolves after the last line was handed on. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/**
 * What a person sends into a run: an answer to a `waiting` event, a message for the agent's next turn or that one was
 * read otherwise, and that they take the conversation over or give it back.
 */
export type PersonInput =
  | { readonly kind: 'answer'; readonly id: string; readonly allow: boolean; readonly text: string }
  | { readonly kind: 'message'; readonly id: string; readonly text: string }
  | { readonly kind: 'withdrawn'; readonly id: string }
  | { readonly kind: 'takeOver' }
  | { readonly kind: 'giveBack' };

/** `reported`: the agent said that it is done. `evident`: git shows work. */
export type WorkState = 'reported' | 'evident' | 'none';

export interface DriverHost {
  /** What every program gets: allow-listed, with the marker of the run (`YARDMASTER_RUN`) where there is one. */
  readonly environment: Readonly<Record<string, string>>;
  now(): EpochMs;
  /** Calls once, after `ms`. Returns what takes it back. */
  after(ms: number, call: () => void): () => void;
  /** So many hexadecimal digits that nobody can guess. */
  hex(length: number): string;
  spawn(order: SpawnOrder): DriverProcess;
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** Null: there is no such file. */
  readFile(path: string): Promise<string | null>;
  /** Makes the folders on the way (mode 0700) and the file (mode 0600). */
  writeFile(path: string, text: string): Promise<void>;
  emit(event: DriverEvent): void;
  /** What the driver wants to be known about itself; never a secret. */
  log(message: string): void;
  /** How far the work is, by what can be known without asking the runtime. */
  workState(): Promise<WorkState>;
  /** Returns the unsubscriber. */
  onPerson(listener: (input: PersonInput) => void): () => void;
}
