/** The hands of a town: what was handed in, or a container and an integrator on this machine. */
import { basename, dirname, join } from 'node:path';
import type { Policy } from '../../machines/policy.ts';
import { createIntegrator } from '../agents/integrator.ts';
import { createLocalContainer } from '../agents/local.ts';
import type { Container, Integrator, IsolationStatus, RigPlan } from '../agents/port.ts';
import { inspectRig, refuseRig } from '../agents/rig-check.ts';
import type { Environment } from '../agents/secrets.ts';
import { coerceError, Retryable } from '../core/errors.ts';
import type { Alarm, Env } from '../env/env.ts';
import { LOCAL, LOCAL_PLACE, type TownOptions } from './options.ts';

export type Hands = {
  /** The embedded one; null: the town hosts nothing itself. */
  readonly container: Container | null;
  readonly integrator: Integrator;
  /** What of a rig has to be there for this town; see `Container.check`. */
  check(plan: Wanted): Promise<{ path: string }>;
};
type Wanted = RigPlan & { readonly labels?: readonly string[] | undefined };

export function createHands(options: TownOptions, env: Env, policy: Policy): Hands {
  const { environment = {}, directory } = options;
  const around = dirname(directory);
  // The folder of all of a user's towns: a run has to see none of them.
  const hidden = basename(around) === '.yardmaster' ? { hidden: around } : {};
  const place = { root: join(directory, LOCAL), env, environment, ...hidden };
  const { heartbeatMs } = policy;
  const embedded = () => options.container ?? createLocalContainer({ ...place, id: LOCAL, heartbeatMs });
  const container = options.local === false ? null : embedded();
  return {
    container,
    integrator: options.integrator ?? createIntegrator(place),
    check: (plan) => checkRig(plan, container, environment),
  };
}

/** The repository and its tests are the town's; how its agents are run is asked for only where they may run. */
async function checkRig(wanted: Wanted, container: Container | null, environment: Environment) {
  const { labels = [], ...plan } = wanted;
  const runsHere = container !== null && labels.every((label) => LOCAL_PLACE.labels.includes(label));
  const own = runsHere ? plan : { ...plan, argv: [], secrets: {} };
  if (container) return (await container.check?.(own)) ?? { path: plan.path };
  const { problems, repository } = await inspectRig(own, environment);
  if (problems.length > 0) throw refuseRig(problems);
  return { path: repository?.path ?? plan.path };
}

/**
 * Its incarnation, or null when it does not answer in time: that keeps no town from opening, its chart asks after it
 * from then on.
 */
export async function lookAfter(container: Container, env: Env, withinMs: number): Promise<string | null> {
  const { clock } = env;
  let alarm: Alarm | null = null;
  const silence = new Promise<never>((_, reject) => {
    alarm = clock.at(clock.now() + withinMs, () => reject(new Retryable(`no answer within ${withinMs} ms`, 0)));
  });
  try {
    const { incarnation } = await Promise.race([container.health(), silence]);
    return incarnation;
  } catch (thrown) {
    env.log('warn', `container ${container.id} does not say how it is: ${coerceError(thrown).message}`);
    return null;
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
