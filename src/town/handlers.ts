/**
 * The town's effects: what the charts ask for outside, each given to a container, the integrator or a person, and each
 * answered with one of three outcomes. Nothing here writes a state.
 */
import type { AnnounceParams } from '../../machines/escalation.ts';
import type { Policy } from '../../machines/policy.ts';
import type { HealParams, LookParams, RunParams } from '../../machines/vocabulary.ts';
import { toStartOutcome } from '../agents/outcome.ts';
import type { Container, Integrator, StartOutcome } from '../agents/port.ts';
import type { SecretReferences } from '../agents/secrets.ts';
import { coerceError, Refused, Retryable } from '../core/errors.ts';
import type { EffectOutcome } from '../core/types.ts';
import type { Alarm, Env } from '../env/env.ts';
import type { EffectHandler } from '../scheduler/effect-handler.ts';
import type { Healer } from './heal.ts';
import { mergeHandlers } from './merges.ts';
import { succeeded, typed } from './outcomes.ts';
import type { Parties } from './parties.ts';
import type { RunSpecs } from './run-specs.ts';

export type HandlerParts = {
  readonly env: Env;
  readonly policy: () => Policy;
  readonly parties: Parties;
  readonly containers: (id: string) => Container;
  readonly integrator: Integrator;
  readonly runSpecs: RunSpecs;
  /** Resolves when runs can be told where the API is, or that there is none. */
  readonly apiKnown: Promise<void>;
  /** What is kept secret may have changed since the last start: resolves when the new values are masked too. */
  readonly learnSecrets: (references: SecretReferences) => Promise<void>;
  readonly heal: Healer;
  readonly notify: (escalation: AnnounceParams) => void;
};

const DAY_MS = 86_400_000;
/** Every half minute for a day: then a person has seen that the container is away. */
const STOP_ATTEMPTS_MAX = 2_880;

/** The promise, or a rejection when it takes longer. */
async function within<T>({ clock }: Env, ms: number, promise: Promise<T>): Promise<T> {
  let alarm: Alarm | null = null;
  const late = new Promise<never>((_, reject) => {
    // It keeps no town from closing.
    const background = true;
    alarm = clock.at(clock.now() + ms, () => reject(new Retryable(`no answer within ${ms} ms`, 0)), { background });
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    (alarm as Alarm | null)?.cancel();
  }
}

/** A start is tri-state, and stays so. */
function readStart(outcome: StartOutcome): EffectOutcome {
  if (outcome.kind === 'accepted') return succeeded({ incarnation: outcome.incarnation, branch: outcome.branch });
  if (outcome.kind === 'unknown') return { kind: 'unanswered', cause: outcome.cause };
  const { reason, permanent, scope } = outcome;
  return { kind: 'refused', reason, permanent, ...(scope && { details: { scope } }) };
}

/**
 * A town that was killed may have been heard: whoever refuses the start when it is told again speaks for this telling
 * alone, and may not even have been reached. Only a container that says so knows that nothing began.
 */
async function isAbsent(containers: HandlerParts['containers'], run: RunParams): Promise<boolean> {
  try {
    return (await containers(run.container).probe(run)) === 'absent';
  } catch {
    return false;
  }
}

function unconfirmed(reason: string): EffectOutcome {
  return { kind: 'unanswered', cause: `${reason}; an earlier telling may have been heard` };
}

function runHandlers({ env, policy, containers, runSpecs, ...parts }: HandlerParts): Record<string, EffectHandler> {
  return {
    startRun: {
      // Longer than the chart waits: a late answer still tells something about an unconfirmed run.
      get deadlineMs() {
        return policy().startTimeoutMs + policy().unconfirmedMs;
      },
      run: typed<RunParams>(async (params, { attempt, signal }) => {
        await parts.apiKnown;
        // Whoever made the container: what it answers is read in one place.
        const start = async () => {
          const spec = await runSpecs.of(params);
          await parts.learnSecrets(spec.secrets);
          return containers(params.container).start(spec, signal);
        };
        const outcome = await toStartOutcome(start, signal);
        const isDoubtful = attempt > 1 && outcome.kind === 'refused';
        if (isDoubtful && !(await isAbsent(containers, params))) return unconfirmed(outcome.reason);
        return readStart(outcome);
      }),
    },
    probeRun: {
      get deadlineMs() {
        return policy().probeMs * 3;
      },
      run: typed<RunParams>(async (params) => succeeded({ status: await containers(params.container).probe(params) })),
    },
    stopRun: {
      // Each try has its own deadline below. This one must not end the tries, not even when the clock jumps over it.
      deadlineMs: DAY_MS,
      attemptsMax: STOP_ATTEMPTS_MAX,
      run: typed<RunParams>(async ({ agent, epoch, container }) => {
        const { stopMs, graceMs } = policy();
        try {
          const answer = await within(env, stopMs + graceMs, containers(container).stop({ agent, epoch, graceMs }));
          return succeeded({ gone: answer === 'gone' });
        } catch (thrown) {
          // A run that nobody waits for costs until it ends: it is told again until that is known.
          throw new Retryable(coerceError(thrown).message, stopMs);
        }
      }),
    },
    nudgeRun: {
      run: typed<RunParams>(async ({ agent, bead, epoch }) => {
        env.log('warn', `agent ${agent} shows no progress on bead ${bead}`, { agent, bead, epoch });
        return succeeded();
      }),
    },
  };
}

/** Asked only about a rig whose starts were refused. */
function rigHandlers({ policy, containers, runSpecs, learnSecrets }: HandlerParts): Record<string, EffectHandler> {
  return {
    lookAtRig: {
      get deadlineMs() {
        return policy().rigLookTimeoutMs;
      },
      run: typed<LookParams>(async ({ rig, container }) => {
        const host = containers(container);
        if (!host.readiness) {
          throw new Refused('unavailable', `container ${container} can not say whether a run could begin`);
        }
        const profile = runSpecs.profileOf(rig);
        await learnSecrets(profile.secrets);
        return succeeded(await host.readiness(profile));
      }),
    },
  };
}

function containerHandlers({ policy, containers }: HandlerParts): Record<string, EffectHandler> {
  type Params = { container: string };
  return {
    provision: {
      get deadlineMs() {
        return policy().provisionMs;
      },
      run: typed<Params>(async ({ container }) => succeeded(await containers(container).provision())),
    },
    checkHealth: {
      get deadlineMs() {
        return policy().healthMs;
      },
      run: typed<Params>(async ({ container }) => succeeded(await containers(container).health())),
    },
    closeContainer: {
      run: typed<Params>(async ({ container }) => {
        await containers(container).release?.();
        return succeeded();
      }),
    },
  };
}

/** A handler for every effect that a chart of the town names. */
export function townHandlers(parts: HandlerParts): Record<string, EffectHandler> {
  return {
    ...runHandlers(parts),
    ...mergeHandlers(parts),
    ...containerHandlers(parts),
    ...rigHandlers(parts),
    heal: {
      run: typed<HealParams>(async (params) => succeeded({ healed: await parts.heal(params) })),
    },
    announce: {
      run: typed<AnnounceParams>(async (params) => {
        parts.notify(params);
        return succeeded();
      }),
    },
  };
}
