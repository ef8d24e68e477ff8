/**
 * What runs on this machine: who a process is, which processes belong to a run, and how they are ended.
 *
 * Agents put their tools into sessions of their own, so a process group is not a run. A run is everything that
 * carries its marker in its environment, is in its leader's group or session, or descends from those.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A pid alone may be another process by tomorrow; with its start it is one process for good. */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string };

/** How to recognise what belongs to a run: `YARDMASTER_RUN`'s value, and the first process. */
export type RunProcesses = { readonly marker: string; readonly leader: ProcessIdentity | null };

type Row = ProcessIdentity & {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Ended, and only waiting to be collected by its parent. */
  readonly ended: boolean;
};

const linux = process.platform === 'linux';

/** The identity of a pid that is alive now; null when nothing lives there. */
export function identify(pid: number): ProcessIdentity | null {
  const row = readRow(pid);
  return row && !row.ended ? { pid, startedAt: row.startedAt } : null;
}

/** The identity of a child that was just started: it has one even when it has ended already. */
export function identifyChild(pid: number): ProcessIdentity | null {
  const row = readRow(pid);
  return row && { pid, startedAt: row.startedAt };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/** All living processes of a run, this process excepted. */
export function processesOf({ marker, leader }: RunProcesses): readonly ProcessIdentity[] {
  const rows = table();
  // A stranger that got the leader's pid after its death leads a group of strangers.
  const pid =
    leader && !rows.some((row) => row.pid === leader.pid && row.startedAt !== leader.startedAt) ? leader.pid : null;
  const found = new Set<number>();
  for (const row of rows) {
    if (pid !== null && (row.pid === pid || row.group === pid || row.session === pid)) found.add(row.pid);
    else if (carries(row.pid, marker)) found.add(row.pid);
  }
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const row of rows) if (found.has(row.parent)) found.add(row.pid);
  }
  found.delete(process.pid);
  return rows.filter((row) => found.has(row.pid));
}

/** Sends a signal to each that is still the process it was. */
export function signalAll(processes: readonly ProcessIdentity[], name: 'SIGTERM' | 'SIGKILL'): void {
  for (const identity of processes) {
    if (!isAlive(identity)) continue;
    try {
      process.kill(identity.pid, name);
    } catch {
      // It ended in between, or is not ours to end; the next look at the table tells.
    }
  }
}

/** A text that changes with every start of the machine, or of the process namespace that we live in. */
export function hostBoot(): string {
  const first = identify(1)?.startedAt ?? 'hidden';
  if (!linux) return first;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${first}`;
}

function table(): readonly Row[] {
  if (!linux) return readPs().filter((row) => !row.ended);
  const rows: Row[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const row = Number.isInteger(pid) ? readRow(pid) : null;
    if (row && !row.ended) rows.push(row);
  }
  return rows;
}

function readRow(pid: number): Row | null {
  if (!linux) return readPs().find((row) => row.pid === pid) ?? null;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name is in parentheses and may hold anything; the fields after the last one are state, ppid, pgrp, session,
    // …, start time.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ended = fields[0] === 'Z' || fields[0] === 'X';
    const [parent, group, session] = fields.slice(1, 4).map(Number) as [number, number, number];
    return { pid, parent, group, session, ended, startedAt: fields[19] ?? '' };
  } catch {
    return null;
  }
}

/**
 * Where there is no /proc: the same table from `ps`. Environments of others are not told there, so the marker finds
 * nothing.
 */
export function readPs(): readonly Row[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,lstart='], { encoding: 'utf8' });
  const rows: Row[] = [];
  for (const line of (stdout ?? '').split('\n')) {
    const [pid, parent, group, state, ...start] = line.trim().split(/\s+/);
    if (state === undefined) continue;
    const ended = state.startsWith('Z');
    const numbers = { pid: Number(pid), parent: Number(parent), group: Number(group), session: 0 };
    rows.push({ ...numbers, ended, startedAt: start.join(' ') });
  }
  return rows;
}

function carries(pid: number, marker: string): boolean {
  if (!linux) return false;
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`YARDMASTER_RUN=${marker}`);
  } catch {
    return false;
  }
}
