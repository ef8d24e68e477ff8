/**
 * Ends a run for good: TERM, a grace, KILL, and looking again until nothing of it is left.
 */
import { Retryable } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import { pause } from '../env/waiting.ts';
import { killAll } from './child.ts';
import { isAlive, type ProcessIdentity, processesOf, type RunProcesses, signalAll } from './processes.ts';

const lookEveryMs = 25;
const killWithinMs = 10_000;
/** The supervisor has nothing to do but to write down the end. */
const supervisorWithinMs = 5_000;

/** Resolves with true as soon as the condition holds, with false when `withinMs` have passed. */
async function waitUntil(env: Env, withinMs: number, holds: () => boolean): Promise<boolean> {
  const end = env.clock.now() + withinMs;
  while (!holds()) {
    if (env.clock.now() >= end) return false;
    await pause(env, lookEveryMs);
  }
  return true;
}

/**
 * Ends all processes of a run.
 * @throws Retryable when some survive a KILL (they hang in the kernel, or belong to another user).
 */
export async function endProcesses(env: Env, run: RunProcesses, graceMs: number): Promise<void> {
  const isGone = () => processesOf(run).length === 0;
  if (graceMs > 0 && !isGone()) {
    signalAll(processesOf(run), 'SIGTERM');
    if (await waitUntil(env, graceMs, isGone)) return;
  }
  if (await killAll(run)) return;
  if (await waitUntil(env, killWithinMs, isGone)) return;
  const pids = processesOf(run).map(({ pid }) => pid);
  throw new Retryable(
    `processes ${pids.join(', ')} of run ${run.marker} survive a KILL: look at them with ps`,
    killWithinMs,
  );
}

/** Waits until the supervisor has written down the end; one that does not is killed, and the end stays unseen. */
export async function awaitSupervisor(env: Env, supervisor: ProcessIdentity): Promise<void> {
  if (await waitUntil(env, supervisorWithinMs, () => !isAlive(supervisor))) return;
  env.log('warn', 'a supervisor did not end after its agent; it is killed', { pid: supervisor.pid });
  signalAll([supervisor], 'SIGKILL');
}
