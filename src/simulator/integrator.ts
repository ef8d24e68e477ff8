/** A repository's integration whose merges conflict, break tests, are in the way of a person, or happen unseen. */
import type { Integrator, MergeOutcome, MergeRequest } from '../agents/port.ts';
import { Retryable, Terminal } from '../core/errors.ts';
import { after, never, type World } from './world.ts';

export class SimulatedIntegrator implements Integrator {
  readonly #world: World;
  readonly #tries = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  async merge(request: MergeRequest, signal: AbortSignal): Promise<MergeOutcome> {
    const { faults, dice, env } = this.#world;
    const key = this.#keyOf(request);
    const done = this.#commitOf(request);
    if (done) return { kind: 'merged', commit: done };
    if (faults.strikes('merge.lost', key)) return never();
    await after(env, dice.between(200, 30_000, ['merge', key]));
    if (signal.aborted) throw new Retryable(`the merge of ${request.bead} was called off`, 0);
    if (faults.strikes('merge.conflict', key)) return { kind: 'conflict', files: ['shared.txt'] };
    if (faults.strikes('merge.tests', key)) return { kind: 'tests_failed', code: 1, tail: '1 failed' };
    if (faults.strikes('merge.blocked', key)) return { kind: 'blocked', reason: 'a person works in the checkout' };
    if (faults.strikes('merge.nothing', key)) return { kind: 'nothing' };
    if (faults.strikes('merge.refused', key)) throw new Terminal('the branch is not at its head');
    const commit = this.#land(request);
    if (faults.strikes('merge.unseen', key)) return never();
    return { kind: 'merged', commit };
  }

  async merged(request: Omit<MergeRequest, 'test' | 'testTimeoutMs'>): Promise<{ commit: string } | null> {
    const { faults } = this.#world;
    const key = this.#keyOf(request);
    if (faults.strikes('merged.silent', key)) return never();
    if (faults.strikes('merged.refused', key)) throw new Terminal('the repository can not be read');
    const commit = this.#commitOf(request);
    return commit === null ? null : { commit };
  }

  #commitOf({ bead, head }: { bead: string; head: string }): string | null {
    return this.#world.truth.merged.get(bead)?.get(head) ?? null;
  }

  #land({ bead, head }: { bead: string; head: string }): string {
    const { truth } = this.#world;
    const heads = truth.merged.get(bead) ?? new Map<string, string>();
    const commit = `${head.slice(8)}${'f'.repeat(8)}`;
    heads.set(head, commit);
    truth.merged.set(bead, heads);
    truth.merges += 1;
    return commit;
  }

  /** Named by bead and ordinal of the question, never by the epoch. */
  #keyOf({ bead }: { bead: string }): string {
    const tries = (this.#tries.get(bead) ?? 0) + 1;
    this.#tries.set(bead, tries);
    return `${bead}#${tries}`;
  }
}
