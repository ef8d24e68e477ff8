/**
 * The effects of a merge: done one after another in each rig, looked for when nobody knows, and called off when its
 * bead was cancelled.
 */
import type { Policy } from '../../machines/policy.ts';
import type { MergeParams } from '../../machines/vocabulary.ts';
import type { Container, Integrator } from '../agents/port.ts';
import type { EffectOutcome, JsonValue } from '../core/types.ts';
import type { EffectHandler } from '../scheduler/effect-handler.ts';
import { LOCAL } from './options.ts';
import { succeeded, typed } from './outcomes.ts';
import type { Parties } from './parties.ts';

const SUPERVISION_MS = 30_000;

export type MergeParts = {
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
      return succeeded(await this.#parts.integrator.merge(request, AbortSignal.any([signal, own.signal])));
    } catch (thrown) {
      // It is not tried again: nobody waits for it any more.
      if (own.signal.aborted) return succeeded({ kind: 'blocked', reason: 'the merge was called off' });
      throw thrown;
    } finally {
      this.#underWay.delete(keyOf(params));
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
  async #workOf({ agent, epoch, branch, head }: MergeParams): Promise<Work | null> {
    const { parties, containers, policy } = this.#parts;
    const container = parties.find('agent', agent)?.context.container;
    const found = await containers(container ?? LOCAL).finish({ agent, epoch, graceMs: policy().graceMs });
    if (found?.commits === 0) return null;
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

function keyOf({ bead, epoch }: MergeParams): string {
  return `${bead}#${epoch}`;
}
