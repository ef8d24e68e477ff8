/**
 * Runs one command without a shell in a session of its own, hands on its masked output, and leaves nothing of it
 * behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createMaskStream } from './mask.ts';
import { identifyChild, type ProcessIdentity, processesOf, type RunProcesses, signalAll } from './processes.ts';

export type ChildEnd = { readonly code: number | null; readonly signal: string | null };

export type ChildOrder = {
  readonly argv: readonly string[];
  readonly directory: string;
  /** The whole environment. `YARDMASTER_RUN` in it marks what belongs to this command. */
  readonly environment: Readonly<Record<string, string>>;
  /** File whose content is the standard input; null: nothing. */
  readonly inputFile: string | null;
  /** Values that never appear in the output. */
  readonly secretValues: readonly string[];
  /** In a box, a signal that ended the command comes back as a code above 128. */
  readonly isBoxed?: boolean;
};

export type Child = { readonly identity: ProcessIdentity | null; readonly ended: Promise<ChildEnd> };

/** Looks at the table of processes at most this often for what survives a KILL. */
const roundsMax = 200;

/**
 * Starts the command. When its first process ends, whatever it left is killed, so that nothing writes on unseen.
 * @returns the started child; `ended` resolves after the last output was handed on.
 * Rejects with the system's error (`syscall` begins with `spawn`) when the program can not be started.
 */
export async function startChild(order: ChildOrder, onOutput: (text: string) => void): Promise<Child> {
  const [program = '', ...rest] = order.argv;
  const input = order.inputFile === null ? 'ignore' : openSync(order.inputFile, 'r');
  let child: ChildProcess;
  try {
    child = spawn(program, rest, {
      cwd: order.directory,
      env: order.environment,
      detached: true,
      shell: false,
      stdio: [input, 'pipe', 'pipe'],
    });
  } finally {
    if (typeof input === 'number') closeSync(input);
  }
  const identity = child.pid === undefined ? null : identifyChild(child.pid);
  const exited = new Promise<ChildEnd>((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const drain = follow(streams, order.secretValues, onOutput);
  await new Promise<void>((resolve, reject) => {
    child.on('spawn', resolve);
    child.on('error', reject);
  });
  const marker = order.environment.YARDMASTER_RUN ?? '';
  const ended = exited.then(async (end) => {
    await killAll({ marker, leader: identity });
    await drain();
    return order.isBoxed ? unboxed(end) : end;
  });
  return { identity, ended };
}

function unboxed({ code, signal }: ChildEnd): ChildEnd {
  const number = code === null ? 0 : code - 128;
  const [name] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return name === undefined ? { code, signal } : { code: null, signal: name };
}

/**
 * Kills every process of a run, round by round, because what is killed may have just started another one. True:
 * nothing is left.
 */
export async function killAll(run: RunProcesses): Promise<boolean> {
  for (let round = 0; round < roundsMax; round += 1) {
    const left = processesOf(run);
    if (left.length === 0) return true;
    signalAll(left, 'SIGKILL');
    await nextTurn();
  }
  return false;
}

/**
 * Hands on what the streams say; the result reads what is still in the pipes, and then lets go, even if a stranger
 * holds them.
 */
function follow(streams: readonly Readable[], secretValues: readonly string[], onOutput: (text: string) => void) {
  let arrived = 0;
  const masks = streams.map((stream) => {
    const mask = createMaskStream(secretValues);
    stream.setEncoding('utf8');
    stream.on('error', () => {});
    stream.on('data', (text: string) => {
      arrived += 1;
      say(mask.push(text));
    });
    return mask;
  });
  const say = (text: string) => {
    if (text !== '') onOutput(text);
  };
  return async () => {
    for (let quiet = 0; quiet < 3 && streams.some((stream) => !stream.closed); ) {
      const before = arrived;
      await nextTurn();
      quiet = arrived === before ? quiet + 1 : 0;
    }
    for (const stream of streams) stream.destroy();
    for (const mask of masks) say(mask.end());
  };
}
