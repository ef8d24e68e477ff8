/**
 * A turn that is one process: it is started with a prompt on its standard input, tells what it does in lines of
 * JSON, and ends. Claude and codex work like this without their screens.
 */
import { Terminal } from '../core/errors.ts';
import type { TurnEnd } from './conversation.ts';
import { within } from './deadline.ts';
import type { DriverHost, DriverProcess, ProcessEnd, SpawnOrder } from './host.ts';
import { parseObject } from './json.ts';
import type { Watch } from './watch.ts';

/** From a polite end to a hard one. */
const graceMs = 5_000;

/** Reads one runtime's lines; `end` judges what was read when the process has ended. */
export interface TurnReader {
  /** Not null: the turn is over with this, and the process is ended. */
  line(message: object): TurnEnd | null;
  /** A line that is no JSON, from either stream. */
  note(line: string): void;
  end(end: ProcessEnd): TurnEnd;
}

export type ProcessTurn = { readonly ended: Promise<TurnEnd>; abort(): Promise<void> };

/** Lines that are no JSON are kept for the last lines, but are no sign of life. */
export function startTurn(
  order: SpawnOrder,
  reader: TurnReader,
  { host, watch }: { host: DriverHost; watch: Watch },
): ProcessTurn {
  const process = host.spawn(order);
  let early: TurnEnd | null = null;
  process.onLine((line, from) => {
    const message = from === 'output' ? parseObject(line) : null;
    if (message === null) {
      watch.note(line);
      reader.note(line);
    } else if (early === null) {
      early = reader.line(message);
      if (early !== null) void endProcess(host, process);
    }
  });
  const ended = process.ended.then((end) => {
    if (early !== null) return early;
    if (end.failure === undefined) return reader.end(end);
    throw notStarted(order.argv[0] ?? '', end.failure);
  });
  return { ended, abort: () => endProcess(host, process) };
}

/** For a program that the system does not run. */
export function notStarted(program: string, failure: string): Terminal {
  return new Terminal(`${program} can not be started (${failure}): install it, or correct the program of the profile`);
}

/** TERM, and KILL after a grace. Resolves when the process is gone. */
export async function endProcess(host: DriverHost, process: DriverProcess): Promise<void> {
  process.kill('SIGTERM');
  const late = () => {
    process.kill('SIGKILL');
    return null;
  };
  await within<unknown>(host, graceMs, { promise: process.ended, late });
  await within<unknown>(host, graceMs, { promise: process.ended, late: () => null });
}
