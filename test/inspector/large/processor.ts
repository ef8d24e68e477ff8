/** Time of the processor that this process has used: what others do on the machine is not in it. */
import type { Env } from '../../../src/env/env.ts';

const WINDOW_MS = 10;
const QUIET_MS = 2;
const WINDOWS_MAX = 500;

/** In milliseconds, of all threads of the process. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** Waits until what was begun in the background is done: two windows in a row in which next to nothing happens. */
export async function quiet({ clock }: Env): Promise<void> {
  let calm = 0;
  for (let window = 0; window < WINDOWS_MAX && calm < 2; window += 1) {
    const before = processorMs();
    await new Promise<void>((resolve) => clock.at(clock.now() + WINDOW_MS, resolve));
    calm = processorMs() - before < QUIET_MS ? calm + 1 : 0;
  }
}
