/**
 * Looks after the branches that attempts leave in the rigs' repositories: what is merged goes at once, what failed is
 * kept for a while. What a bead that is still open left is never touched, nor what no bead of this town left.
 */
import type { BeadContext } from '../../machines/bead.ts';
import type { Policy } from '../../machines/policy.ts';
import type { AttemptBranch, ForgottenAttempt, Integrator } from '../agents/port.ts';
import { coerceError } from '../core/errors.ts';
import type { EpochMs } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';
import type { Alarm, Env } from '../env/env.ts';
import type { LogRow } from '../store/port.ts';
import type { Parties, Party } from './parties.ts';

/** Many beads are closed in one look. */
const TIDY_MS = 5_000;
/** A repository that does not answer keeps no town from closing. */
const STOP_MS = 5_000;
const RIGS_MAX = 500;
const OVER = /^(closed\.|failed\.(?!exhausted$))/;

export type BranchParts = {
  readonly env: Env;
  readonly engine: Pick<Engine, 'reads' | 'subscribe'>;
  readonly parties: Parties;
  readonly integrator: Integrator;
  readonly policy: () => Policy;
};

export class Branches {
  readonly #parts: BranchParts;
  readonly #dirty = new Set<string>();
  #alarm: Alarm | null = null;
  #unsubscribe: (() => void) | null = null;
  #rounds: Promise<void> = Promise.resolve();

  constructor(parts: BranchParts) {
    this.#parts = parts;
  }

  start(): void {
    const { reads, subscribe } = this.#parts.engine;
    for (const { ref } of reads.entities({ machine: 'rig' }, { limit: RIGS_MAX }).items) this.#mark(ref.id);
    this.#unsubscribe = subscribe.call(this.#parts.engine, ({ rows }) => {
      for (const row of rows) if (isEnd(row)) this.#mark(this.#rigOf(row));
    });
  }

  /** What waits is done before it resolves, as far as there is time; the next start looks again. */
  async stop(): Promise<void> {
    const { env } = this.#parts;
    this.#unsubscribe?.();
    this.#alarm?.cancel();
    await new Promise<void>((resolve) => {
      const late = env.clock.at(env.clock.now() + STOP_MS, () => {
        env.log('warn', 'a repository does not answer: old branches stay until the next start');
        resolve();
      });
      void this.#tidyAll().then(() => {
        late.cancel();
        resolve();
      });
    });
  }

  #rigOf({ entity }: LogRow): string | null {
    return this.#parts.parties.find('bead', entity.id)?.context.rig ?? null;
  }

  #mark(rig: string | null): void {
    if (rig === null || !this.#parts.integrator.attempts) return;
    const { clock } = this.#parts.env;
    this.#dirty.add(rig);
    this.#alarm ??= clock.at(clock.now() + TIDY_MS, () => void this.#tidyAll(), { background: true });
  }

  #tidyAll(): Promise<void> {
    this.#alarm = null;
    const rigs = [...this.#dirty];
    this.#dirty.clear();
    for (const rig of rigs) this.#rounds = this.#rounds.then(() => this.#tidy(rig));
    return this.#rounds;
  }

  async #tidy(rig: string): Promise<void> {
    const { parties, integrator, env, policy } = this.#parts;
    const config = parties.find('rig', rig)?.context.config;
    if (!config) return;
    const repository = { path: config.path, targetBranch: config.branch };
    try {
      const attempts = (await integrator.attempts?.(repository)) ?? [];
      const known = attempts.flatMap((attempt) => {
        const bead = parties.find('bead', attempt.bead);
        return bead?.context.rig === rig ? [{ attempt, bead }] : [];
      });
      const doomed = toForget(known, { policy: policy(), now: env.clock.now() });
      if (doomed.length > 0) await integrator.forget?.(repository, doomed);
    } catch (thrown) {
      env.log('warn', `old branches of rig ${rig} stay for now: ${coerceError(thrown).message}`);
    }
  }
}

type Known = {
  readonly attempt: AttemptBranch;
  readonly bead: Pick<Party<'bead'>, 'state'> & { context: Pick<BeadContext, 'branch'> };
};

/** Which attempts may go: merged ones, and of the rest those that are too old or too many. */
export function toForget(
  known: readonly Known[],
  { policy, now }: { policy: Pick<Policy, 'attemptBranchMs' | 'attemptBranchesMax'>; now: EpochMs },
): readonly ForgottenAttempt[] {
  const over = known.filter(({ attempt, bead }) => OVER.test(bead.state) && !isProduct(attempt, bead));
  const merged = over.filter(({ attempt }) => attempt.isMerged);
  const failed = over.filter(({ attempt }) => !attempt.isMerged).sort((a, b) => b.attempt.at - a.attempt.at);
  const isOld = ({ at }: AttemptBranch) => at <= now - policy.attemptBranchMs;
  const old = failed.filter(({ attempt }, index) => isOld(attempt) || index >= policy.attemptBranchesMax);
  return [
    ...merged.map(({ attempt: { bead, epoch, at } }) => ({
      bead,
      epoch,
      withCheckpoint: at <= now - policy.attemptBranchMs,
    })),
    ...old.map(({ attempt: { bead, epoch } }) => ({ bead, epoch, withCheckpoint: true })),
  ];
}

/** Where nothing is merged, the branch is the work. */
function isProduct({ branch, isMerged }: AttemptBranch, { state, context }: Known['bead']): boolean {
  return state === 'closed.done' && context.branch === branch && !isMerged;
}

function isEnd({ entity, before, after, rejected }: LogRow): boolean {
  return entity.machine === 'bead' && rejected === null && OVER.test(after) && !OVER.test(before);
}
