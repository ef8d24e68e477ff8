/**
 * The folder of one run: what is known about it, by whom it was written, and at which moment of its life.
 *
 * | file | written by | says |
 * |---|---|---|
 * | `run.json` | container, before anything starts | which run, on which branch; no secret, no prompt |
 * | `prompt.txt` | container | the prompt; removed when the run has ended |
 * | `handover.txt` | container | what it is told of the attempts before; removed with the prompt |
 * | `supervisor.json` | supervisor, once | claim: this process, and no other, runs it |
 * | `agent.json` | supervisor | the agent's process |
 * | `exit.json` | supervisor | how the agent ended |
 * | `output-*.log` | supervisor | what it said, masked |
 * | `settled.json` | container | the final report, and whether it was acknowledged |
 */
import { link, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writePrivate } from './files.ts';
import type { Evidence } from './port.ts';
import type { ProcessIdentity } from './processes.ts';

export type RunRecord = {
  readonly town: string;
  readonly agent: string;
  readonly epoch: number;
  readonly bead: string;
  readonly rig: string;
  readonly repository: string;
  readonly worktree: string;
  readonly branch: string;
  readonly base: string;
  readonly start?: string;
  readonly incarnation: string;
  /** Value of `YARDMASTER_RUN` in all its processes. */
  readonly marker: string;
  readonly graceMs: number;
};

export type ExitRecord = {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it never began, where that is so. */
  readonly failure?: string;
};

export type SettledRecord = ExitRecord & {
  readonly evidence: Evidence | null;
  readonly tail: string;
  readonly acknowledged: boolean;
};

export const runFileNames = {
  run: 'run.json',
  prompt: 'prompt.txt',
  handover: 'handover.txt',
  supervisor: 'supervisor.json',
  agent: 'agent.json',
  exit: 'exit.json',
  settled: 'settled.json',
  supervisorLog: 'supervisor.log',
} as const;

/** The folder of one run, with its files as typed reads and writes. Paths come from checked ids only. */
export class RunFiles {
  constructor(readonly directory: string) {}

  path(name: keyof typeof runFileNames): string {
    return join(this.directory, runFileNames[name]);
  }

  run(): Promise<RunRecord | null> {
    return readJson(this.path('run'));
  }

  supervisor(): Promise<ProcessIdentity | null> {
    return readJson(this.path('supervisor'));
  }

  agent(): Promise<ProcessIdentity | null> {
    return readJson(this.path('agent'));
  }

  exit(): Promise<ExitRecord | null> {
    return readJson(this.path('exit'));
  }

  settled(): Promise<SettledRecord | null> {
    return readJson(this.path('settled'));
  }

  write(name: 'run' | 'settled', record: RunRecord | SettledRecord): Promise<void> {
    return writePrivate(this.path(name), JSON.stringify(record));
  }

  /** Takes the claim that a supervisor needs, so that none can begin any more. False: one has. */
  async claim(): Promise<boolean> {
    const mine = `${this.path('supervisor')}.none`;
    await writePrivate(mine, JSON.stringify({ pid: 0, startedAt: '' } satisfies ProcessIdentity));
    return link(mine, this.path('supervisor')).then(
      () => true,
      () => false,
    );
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }
}

/** The folders of all runs below `root`, whole or half written. */
export async function listRunFiles(root: string): Promise<readonly RunFiles[]> {
  const names = await readdir(root).catch(() => []);
  return names.map((name) => new RunFiles(join(root, name)));
}
