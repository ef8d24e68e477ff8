/**
 * Starts the supervisor of a run and waits for its word.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ChildOrder } from './child.ts';
import type { RunFiles } from './run-files.ts';
import type { SupervisorAnswer } from './supervisor.ts';

export type Supervision = {
  readonly process: ChildProcess;
  /** Null: it ended without a word; whether the agent began is told by the files of the run only. */
  readonly answer: SupervisorAnswer | null;
};

/**
 * Starts a supervisor that is independent of us: own session, no pipe that it would miss. Rejects with the system's
 * error when Node itself can not be started.
 */
export async function startSupervisor(files: RunFiles, order: ChildOrder, path: string): Promise<Supervision> {
  const log = openSync(files.path('supervisorLog'), 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...programArguments(), files.directory], {
      cwd: files.directory,
      env: { PATH: path },
      detached: true,
      shell: false,
      stdio: ['pipe', 'pipe', log],
    });
  } finally {
    closeSync(log);
  }
  await new Promise<void>((resolve, reject) => {
    child.on('spawn', resolve);
    child.on('error', reject);
  });
  child.unref();
  child.stdin?.on('error', () => {});
  child.stdin?.end(JSON.stringify(order));
  return { process: child, answer: await firstLine(child) };
}

/** The source is TypeScript where it is developed; only there is a loader needed. */
function programArguments(): readonly string[] {
  if (!import.meta.url.endsWith('.ts')) return [fileURLToPath(new URL('./supervisor.js', import.meta.url))];
  const loader = createRequire(import.meta.url).resolve('tsx');
  return ['--import', pathToFileURL(loader).href, fileURLToPath(new URL('./supervisor.ts', import.meta.url))];
}

async function firstLine(child: ChildProcess): Promise<SupervisorAnswer | null> {
  const output = child.stdout;
  if (output === null) return null;
  const line = await new Promise<string>((resolve) => {
    let heard = '';
    output.setEncoding('utf8');
    output.on('data', (part: string) => {
      heard += part;
      if (heard.includes('\n')) resolve(heard);
    });
    output.on('error', () => resolve(heard));
    output.on('close', () => resolve(heard));
  });
  output.destroy();
  try {
    return JSON.parse(line) as SupervisorAnswer;
  } catch {
    return null;
  }
}
