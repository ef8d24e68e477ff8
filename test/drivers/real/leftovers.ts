/**
 * What lives on of a trial. All that belongs to it has the trial's folder in its environment or in its command line, in
 * whichever session, group or box it is.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export type Leftover = { readonly pid: number; readonly command: string; readonly program: string };

const LOOK_MS = 100;

/** All processes of the trial but this one and those of `except`. Needs /proc. */
export function processesIn(root: string, except: readonly (number | undefined)[] = []): readonly Leftover[] {
  const found: Leftover[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || except.includes(pid)) continue;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const isOurs = command.includes(root) || readFileSync(`/proc/${pid}/environ`, 'utf8').includes(root);
      // One that has ended, and only waits to be collected, has no program.
      if (isOurs) found.push({ pid, command, program: readlinkSync(`/proc/${pid}/exe`) });
    } catch {
      // It ended while it was looked at.
    }
  }
  return found;
}

/** Waits until nothing is left, at most so long. Null: nothing is; else what. */
export async function nothingLeft(
  root: string,
  except: readonly (number | undefined)[],
  deadlineMs: number,
): Promise<string | null> {
  for (let waited = 0; ; waited += LOOK_MS) {
    const left = processesIn(root, except);
    if (left.length === 0) return null;
    if (waited >= deadlineMs) return `left behind: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Ends what is left, each by its own number. */
export function endLeftovers(root: string): void {
  for (const { pid } of processesIn(root)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}
