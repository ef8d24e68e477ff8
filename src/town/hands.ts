/** The hands of a town: what was handed in, or a container and an integrator on this machine. */
import { basename, dirname, join } from 'node:path';
import type { Policy } from '../../machines/policy.ts';
import { createIntegrator } from '../agents/integrator.ts';
import { createLocalContainer } from '../agents/local.ts';
import type { Container, Integrator, IsolationStatus } from '../agents/port.ts';
import { coerceError, Retryable } from '../core/errors.ts';
import type { Alarm, Env } from '../env/env.ts';
import { LOCAL, type TownOptions } from './options.ts';

export type Hands = { readonly container: Container; readonly integrator: Integrator };

export function createHands(options: TownOptions, env: Env, policy: Policy): Hands {
  const { environment = {}, directory } = options;
  const around = dirname(directory);
  // The folder of all of a user's towns: a run has to see none of them.
  const hidden = basename(around) === '.yardmaster' ? { hidden: around } : {};
  const place = { root: join(directory, LOCAL), env, environment, ...hidden };
  const { heartbeatMs } = policy;
  return {
    container: options.container ?? createLocalContainer({ ...place, id: LOCAL, heartbeatMs }),
    integrator: options.integrator ?? createIntegrator(place),
  };
}

/** A container that does not answer keeps no town from opening: its chart asks after it from then on. */
export async function lookAfter(container: Container, env: Env, withinMs: number): Promise<void> {
  const { clock } = env;
  let alarm: Alarm | null = null;
  const silence = new Promise<never>((_, reject) => {
    alarm = clock.at(clock.now() + withinMs, () => reject(new Retryable(`no answer within ${withinMs} ms`, 0)));
  });
  try {
    await Promise.race([container.health(), silence]);
  } catch (thrown) {
    env.log('warn', `container ${container.id} does not say how it is: ${coerceError(thrown).message}`);
  } finally {
    (alarm as Alarm | null)?.cancel();
  }
}

/** Whether its runs are kept from the town's folder. That they are not is said once at the start, aloud. */
export async function isolationOf(container: Container, env: Env): Promise<IsolationStatus | null> {
  const status = (await container.isolation?.()) ?? null;
  if (status && !status.available) env.log('warn', notIsolated(status.reason));
  return status;
}

/** The sentence for whoever starts a town. */
export function notIsolated(reason: string | null): string {
  return (
    `agents are NOT isolated (${reason ?? 'no reason given'}): a run can read what you can read, ` +
    "the town's folder and your other programs too; see docs/SECURITY.md"
  );
}
