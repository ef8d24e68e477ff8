/** What the check found in the machines, and is mended: each sentence has to stay true. */
import { expect, it } from 'vitest';
import { townMachines } from '../../machines/index.ts';
import { defaultPolicy } from '../../machines/policy.ts';
import { rolesOf, sceneOf } from '../../src/check/scene.ts';
import { birth, type Taken, take } from '../../src/core/step.ts';
import type { EngineEvent } from '../../src/core/types.ts';

const { bead } = townMachines(defaultPolicy);
const input = rolesOf(sceneOf(1, 1)).find(({ ref }) => ref.machine === 'bead')?.input ?? null;

/** A bead after those events. */
function after(...events: readonly EngineEvent[]): Taken {
  return events.reduce((taken, event) => take(bead, taken.snapshot, event, 1_000), birth(bead, input, 1_000));
}
const dispatch = (agent: string, epoch: number) => ({ type: 'DISPATCH', agent, epoch, probe: false });
const completed = (agent: string, epoch: number) => ({
  ...{ type: 'RUN.COMPLETED', agent, epoch, branch: 'x', head: 'x', summary: '' },
});
const failed = { type: 'RUN.START_FAILED', agent: 'p1', epoch: 1, reason: 'x', charged: true, hooked: true };
const backoff = { type: 'xstate.after.backoff.bead.in_progress.retryWait' };

it('a merge of an earlier dispatch does not close the bead (Kilo-Org/cloud#2034)', () => {
  const params = { agent: 'p1', bead: 'b1', rig: 'r', epoch: 1, branch: 'x', head: null };
  const late = { type: 'effect.merge.succeeded', result: { kind: 'merged', commit: 'x' }, params, key: 'x' };
  const aborted = { type: 'effect.abortMerge.succeeded', result: { commit: null }, params, key: 'y' };
  const again = [{ type: 'CANCEL' }, aborted, { type: 'REOPEN' }, dispatch('p1', 2), completed('p1', 2)];
  const { step } = after(dispatch('p1', 1), completed('p1', 1), ...again, late);
  expect(step.after).toEqual(['in_progress.inReview.merging']);
});

it('a bead whose retry is due is not taken from the agent that keeps it, or frees it', () => {
  const { step } = after(dispatch('p1', 1), failed, backoff, dispatch('p2', 2));
  const told = step.sends.map(({ to, event }) => ('linked' in to ? '' : `${event.type} ${to.id}`));
  expect(step.accepted === false || told.includes('RELEASE p1')).toBe(true);
});
