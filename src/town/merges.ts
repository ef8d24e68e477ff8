/**
 * The effects of a merge: done one after another in each rig, looked for when nobody knows, and called off when its
 * bead was cancelled.
 */
import type { Policy } from '../../machines/policy.ts';
import type { MergeParams } from '../../machines/vocabulary.ts';
import type { Container, Evidence, Integrator, MergeOutcome } from '../agents/port.ts';
import { Retryable } from '../core/errors.ts';
import type { EffectOutcome, JsonValue } from '../core/types.ts';
import type { Alarm, Env } from '../env/env.ts';
import type { EffectHandler } from '../scheduler/effect-handler.ts';
import { LOCAL } from './options.ts';
import { succeeded, typed } from './outcomes.ts';
import type { Parties } from './parties.ts';

const SUPERVISION_MS = 30_000;
/** How long a merge that is told to end is waited for: shorter than a closing engine waits. */
const ENDING_MS = 2_000;

export type MergeParts = {
  readonly env: Env;
  readonly policy: () => Policy;
  readonly parties: Parties;
  readonly containers: (id: string) => Container;
  readonly integrator: Integrator;
};

export function mergeHandlers(parts: MergeParts): Record<string, EffectHandler> {
  const merges = new Merges(parts);
  const lane = (params: JsonValue) => `merge:${(params as unknown as MergeParams).rig}`;
  const patienceMs = () => parts.policy().mergeMs + SUPERVISION_MS;
  return {
    merge: {
      get deadlineMs() {
        return patienceMs();
      },
      lane,
      run: typed<MergeParams>((params, { signal }) => merges.merge(params, signal)),
    },
    probeMerge: { lane, run: typed<MergeParams>((params) => merges.look(params)) },
    // In no lane: it does not wait for the merge that it calls off.
    abortMerge: {
      get deadlineMs() {
        return patienceMs();
      },
      run: typed<MergeParams>((params) => merges.callOff(params)),
    },
  };
}

type Work = { readonly branch: string; readonly head: string };

class Merges {
  readonly #parts: MergeParts;
  readonly #underWay = new Map<string, { readonly work: Work; readonly calledOff: AbortController }>();

  constructor(parts: MergeParts) {
    this.#parts = parts;
  }

  async merge(params: MergeParams, signal: AbortSignal): Promise<EffectOutcome> {
    const work = await this.#workOf(params);
    if (!work) return succeeded({ kind: 'nothing' });
    const own = new AbortController();
    this.#underWay.set(keyOf(params), { work, calledOff: own });
    const { test, isolation, limits } = this.#rigOf(params.rig);
    const testTimeoutMs = this.#parts.policy().mergeMs;
    const request = { ...this.#about(params), ...work, test, testTimeoutMs, isolation, limits };
    try {
      const merging = this.#parts.integrator.merge(request, AbortSignal.any([signal, own.signal]));
      return await this.#unlessLeft(params, { merging, signal });
    } catch (thrown) {
      // It is not tried again: nobody waits for it any more.
      if (own.signal.aborted) return succeeded({ kind: 'blocked', reason: 'the merge was called off' });
      throw thrown;
    } finally {
      this.#underWay.delete(keyOf(params));
    }
  }

  /**
   * Its outcome. An integrator that does not end when the town closes is left: the chart hears that nobody knows, and
   * the next start looks into the target branch.
   */
  async #unlessLeft(
    { bead }: MergeParams,
    { merging, signal }: { merging: Promise<MergeOutcome>; signal: AbortSignal },
  ): Promise<EffectOutcome> {
    const { env } = this.#parts;
    let alarm: Alarm | null = null;
    let leave = (): void => {};
    const left = new Promise<EffectOutcome>((resolve) => {
      leave = () => {
        alarm = env.clock.at(env.clock.now() + ENDING_MS, () => {
          env.log(
            'warn',
            `the merge of bead ${bead} did not end when it was told to: it is left, and looked for later`,
          );
          resolve({ kind: 'unanswered', cause: 'it did not end when the town was closed' });
        });
      };
    });
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([merging.then(succeeded), left]);
    } finally {
      signal.removeEventListener('abort', leave);
      (alarm as Alarm | null)?.cancel();
    }
  }

  /** Whether the work is in the target branch. A head that is not known yet was never asked to be merged by us. */
  async look({ head, branch, ...params }: MergeParams, work = head ? { branch, head } : null): Promise<EffectOutcome> {
    const merged = work && (await this.#parts.integrator.merged({ ...this.#about(params), ...work }));
    return succeeded({ commit: merged?.commit ?? null });
  }

  /** The integrator answers after the merge has ended: in time, or with its work in the target branch. */
  callOff(params: MergeParams): Promise<EffectOutcome> {
    const merge = this.#underWay.get(keyOf(params));
    merge?.calledOff.abort();
    return this.look(params, merge?.work);
  }

  /** What the run left; null: nothing that could be merged. The work is there, whatever became of its agent. */
  async #workOf({ agent, epoch, branch, head, container }: MergeParams): Promise<Work | null> {
    const { parties, containers, policy } = this.#parts;
    // A bead of before there were several containers does not say.
    const place = container ?? parties.find('agent', agent)?.context.container;
    const finishing = containers(place ?? LOCAL).finish({ agent, epoch, graceMs: policy().graceMs });
    const found = await (head ? unlessAway(finishing) : finishing);
    // A run may find all done that the attempt before it left.
    if (found?.commits === 0 && !found.inherited) return null;
    const work = { branch: found?.branch ?? branch, head: found?.head ?? head ?? '' };
    return work.branch && work.head ? work : null;
  }

  #rigOf(rig: string) {
    return this.#parts.parties.get('rig', rig).context.config;
  }

  #about({ rig, bead, epoch }: Pick<MergeParams, 'rig' | 'bead' | 'epoch'>) {
    const { path, branch: targetBranch } = this.#rigOf(rig);
    const { title } = this.#parts.parties.get('bead', bead).context;
    return { rig, bead, epoch, title, repository: { path, targetBranch } };
  }
}

/** What its run left is known from its report, when its container can not be asked again. */
async function unlessAway(finishing: Promise<Evidence | null>): Promise<Evidence | null> {
  try {
    return await finishing;
  } catch (thrown) {
    if (thrown instanceof Retryable) return null;
    throw thrown;
  }
}

function keyOf({ bead, epoch }: MergeParams): string {
  return `${bead}#${epoch}`;
}
