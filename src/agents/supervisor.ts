/**
 * The small program that stands between the town and one agent: it outlives the town, keeps the masked output and
 * writes down the end.
 *
 * Started with the folder of the run as its argument and an order on its standard input. It claims the run first, so
 * that one epoch never has two agents, even when two towns start it at the same moment. Secrets come by the order and
 * stay in memory.
 */
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ChildOrder, startChild } from './child.ts';
import { createOutputWriter } from './output.ts';
import { identify, type ProcessIdentity } from './processes.ts';
import { type ExitRecord, runFileNames } from './run-files.ts';

/** What the supervisor answers, once, as a line of JSON on its standard output. */
export type SupervisorAnswer =
  | { readonly kind: 'started'; readonly supervisor: ProcessIdentity; readonly agent: ProcessIdentity | null }
  | { readonly kind: 'taken' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

await supervise(process.argv[2] ?? '');

async function supervise(directory: string): Promise<void> {
  // The run is ended by ending the agent; what ends with it must be written down.
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => {});
  process.stdout.on('error', () => {});
  const order = parse(await text(process.stdin));
  if (order === null) return;
  const supervisor = identify(process.pid) ?? { pid: process.pid, startedAt: '' };
  if (!claim(directory, supervisor)) return answer({ kind: 'taken' });
  try {
    const child = await startChild(order, createOutputWriter(directory));
    write(directory, 'agent', child.identity);
    answer({ kind: 'started', supervisor, agent: child.identity });
    write(directory, 'exit', (await child.ended) satisfies ExitRecord);
  } catch (thrown) {
    const { code = 'UNKNOWN', message } = thrown as NodeJS.ErrnoException;
    write(directory, 'exit', { code: null, signal: null, failure: message } satisfies ExitRecord);
    answer({ kind: 'failed', code, message });
  }
}

/** A town that died while it gave the order has not given it. */
function parse(order: string): ChildOrder | null {
  try {
    return JSON.parse(order) as ChildOrder;
  } catch {
    return null;
  }
}

/** A hard link is made whole or not at all, and only if the name is free. */
function claim(directory: string, supervisor: ProcessIdentity): boolean {
  const path = join(directory, runFileNames.supervisor);
  const mine = `${path}.${supervisor.pid}`;
  try {
    writeFileSync(mine, JSON.stringify(supervisor), { mode: 0o600, flush: true });
    linkSync(mine, path);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

function write(directory: string, name: 'agent' | 'exit', record: ProcessIdentity | ExitRecord | null): void {
  const path = join(directory, runFileNames[name]);
  writeFileSync(`${path}.next`, JSON.stringify(record), { mode: 0o600, flush: true });
  renameSync(`${path}.next`, path);
}

function answer(line: SupervisorAnswer): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
