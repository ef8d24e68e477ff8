import { describe, expect, it } from 'vitest';
import type { MergeOutcome } from '../../src/agents/port.ts';
import { MINUTE, SECOND, type World, world } from './world.ts';

async function finish(w: World): Promise<void> {
  await w.env.until(w.container.beat(w.latest()));
  await w.env.until(w.container.exit(w.latest(), 0));
  await w.settle();
}

/** Lets runs end with work until the bead comes to rest. */
async function workOn(w: World, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    if (w.bead('b1').state === 'in_progress.starting') await finish(w);
    await w.pass(MINUTE);
  }
}

const never = <T>() => new Promise<T>(() => undefined);
const reset = async () => Promise.reject(Object.assign(new Error('ECONNRESET'), { code: 'ECONNRESET' }));
const commit = 'c'.repeat(40);

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  return { promise, resolve, reject };
}

describe('a merge', () => {
  it('that conflicts sends the bead back to work with the reason, at most three times', async () => {
    await using w = await world();
    w.integrator.onMerge = async () => ({ kind: 'conflict', files: ['a.ts'] });
    await finish(w);
    expect(w.bead('b1')).toMatchObject({ state: 'open.backoff', context: { reworks: 1, runFailures: 0 } });
    await w.pass(31 * SECOND);
    expect(w.latest().prompt).toContain('attempt/x/1');
    await workOn(w, 10);
    expect(w.bead('b1').state).toBe('failed.reworkExhausted');
    expect(w.integrator.merges).toHaveLength(3);
    expect(w.state('escalation/bead/b1:failed')).toBe('raised');
  });

  it('that breaks the tests says so', async () => {
    await using w = await world();
    w.integrator.onMerge = async () => ({ kind: 'tests_failed', code: 1, tail: 'no' });
    await finish(w);
    expect(w.bead('b1').context.reason).toContain('tests failed on the merge result (exit code 1)');
  });

  it('that adds nothing is a lost run', async () => {
    await using w = await world();
    w.integrator.onMerge = async () => ({ kind: 'nothing' });
    await finish(w);
    expect(w.bead('b1')).toMatchObject({ state: 'open.backoff', context: { runFailures: 1, reworks: 0 } });
  });

  it('is one at a time in a rig', async () => {
    await using w = await world({ agentCount: 3, beads: ['a', 'b', 'c'] });
    const open: ((outcome: MergeOutcome) => void)[] = [];
    w.integrator.onMerge = () => new Promise((resolve) => open.push(resolve));
    for (const run of w.container.starts) {
      await w.env.until(w.container.beat(run));
      await w.env.until(w.container.exit(run, 0));
    }
    await w.settle();
    expect(open).toHaveLength(1);
    open[0]?.({ kind: 'merged', commit });
    await w.settle();
    expect(open).toHaveLength(2);
    for (let times = 0; times < 3; times += 1) {
      for (const answer of open) answer({ kind: 'merged', commit });
      await w.settle();
    }
    expect(w.town.status().counts.bead).toEqual({ 'closed.merged': 3 });
  });

  it('that a person cancels is over, and its alarm with it', async () => {
    await using w = await world({ policy: { mergeTriesMax: 1 } });
    w.integrator.onMerge = async () => ({ kind: 'blocked', reason: 'the checkout has changes' });
    await finish(w);
    expect(w.state('escalation/bead/b1:blocked')).toBe('raised');
    await w.tell('bead/b1', { type: 'CANCEL' });
    expect(w.bead('b1').state).toBe('failed.cancelled');
    expect(w.state('escalation/bead/b1:blocked')).toBe('resolved');
  });
});

describe('a merge that something is in the way of', () => {
  it('is tried again each minute; a person is told once, after some tries', async () => {
    await using w = await world({ policy: { mergeTriesMax: 3 } });
    const told: string[] = [];
    w.town.watch((rows) => told.push(...rows.filter(({ event }) => event.type === 'RAISE').map(({ by }) => by)));
    w.integrator.onMerge = async () => ({ kind: 'blocked', reason: 'the checkout has changes' });
    await finish(w);
    await w.pass(MINUTE + SECOND);
    expect(told).toEqual([]);
    await w.pass(20 * MINUTE);
    expect(told).toEqual(['bead/b1']);
    expect(w.town.status().escalations).toMatchObject([
      { message: expect.stringContaining('the checkout has changes') },
    ]);
    w.integrator.onMerge = async () => ({ kind: 'merged', commit });
    await w.pass(MINUTE);
    expect(w.bead('b1').state).toBe('closed.merged');
    expect(w.state('escalation/bead/b1:blocked')).toBe('resolved');
  });

  it('is tried at once when a person says so', async () => {
    await using w = await world();
    w.integrator.onMerge = async () => ({ kind: 'blocked', reason: 'the checkout has changes' });
    await finish(w);
    w.integrator.onMerge = async () => ({ kind: 'merged', commit });
    await w.tell('bead/b1', { type: 'RESET' });
    expect(w.bead('b1').state).toBe('closed.merged');
  });
});

describe('a merge without an answer', () => {
  it('is looked for in the target branch before anything is concluded', async () => {
    await using w = await world();
    w.integrator.onMerge = reset;
    w.integrator.onMerged = async () => ({ commit });
    await finish(w);
    expect(w.bead('b1')).toMatchObject({ state: 'closed.merged', context: { mergeCommit: commit } });
    expect(w.integrator.merges).toEqual(['b1']);
  });

  it('is tried again when it is not there', async () => {
    await using w = await world();
    let tries = 0;
    w.integrator.onMerge = async () => {
      tries += 1;
      return tries < 3 ? reset() : { kind: 'merged', commit };
    };
    await finish(w);
    expect([w.bead('b1').state, tries]).toEqual(['closed.merged', 3]);
    expect(w.container.starts).toHaveLength(1);
  });

  it('because it hangs is given up at its deadline', async () => {
    await using w = await world();
    w.integrator.onMerge = never;
    await finish(w);
    w.integrator.onMerged = async () => ({ commit });
    await w.pass(16 * MINUTE);
    expect(w.bead('b1').state).toBe('closed.merged');
  });

  it('that nobody can tell of waits with a person told, and is never taken for failed', async () => {
    await using w = await world({ policy: { mergeTriesMax: 3 } });
    w.integrator.onMerge = reset;
    w.integrator.onMerged = reset;
    await finish(w);
    await w.pass(60 * MINUTE);
    expect(w.bead('b1').state).toMatch(/^in_progress\.inReview\.unconfirmed/);
    expect(w.state('escalation/bead/b1:blocked')).toBe('raised');
    expect(w.bead('b1').context.reason).toContain('nobody can say whether it was merged');
    w.integrator.onMerged = async () => ({ commit });
    await w.pass(2 * MINUTE);
    expect(w.bead('b1').state).toBe('closed.merged');
    expect(w.state('escalation/bead/b1:blocked')).toBe('resolved');
  });
});

describe('a bead that is cancelled while it is merged', () => {
  /** A merge that ends when the test says so, or when it is called off before it has landed. */
  function slow(w: World) {
    let landed: string | null = null;
    const merge = deferred<MergeOutcome>();
    const signals: AbortSignal[] = [];
    w.integrator.merge = async ({ bead }, signal) => {
      w.integrator.merges.push(bead);
      signals.push(signal);
      signal.addEventListener('abort', () => merge.reject(new Error('called off')));
      return merge.promise;
    };
    // As the port says: it answers after the merge has ended.
    w.integrator.merged = async () => {
      await merge.promise.catch(() => undefined);
      return landed === null ? null : { commit: landed };
    };
    return {
      signals,
      land: () => {
        landed = commit;
        merge.resolve({ kind: 'merged', commit });
      },
    };
  }

  it('is cancelled when its merge was called off in time', async () => {
    await using w = await world();
    const { signals } = slow(w);
    await finish(w);
    expect(w.bead('b1').state).toBe('in_progress.inReview.merging');
    await w.tell('bead/b1', { type: 'CANCEL', reason: 'not needed any more' });
    await w.settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(w.bead('b1')).toMatchObject({ state: 'failed.cancelled', context: { reason: 'not needed any more' } });
    await w.pass(60 * MINUTE);
    expect(w.integrator.merges).toHaveLength(1);
  });

  it('is told as merged when its work has landed already', async () => {
    await using w = await world();
    const { land } = slow(w);
    await finish(w);
    land();
    await w.tell('bead/b1', { type: 'CANCEL', reason: 'too late' });
    await w.settle();
    const reason = 'its work was merged already when it was cancelled';
    expect(w.bead('b1')).toMatchObject({ state: 'closed.merged', context: { mergeCommit: commit, reason } });
  });

  it('waits for the target branch to say so when nobody else knows, and a person is told in time', async () => {
    await using w = await world({ policy: { mergeTriesMax: 2 } });
    w.integrator.onMerge = reset;
    w.integrator.onMerged = reset;
    await finish(w);
    await w.tell('bead/b1', { type: 'CANCEL' });
    await w.settle();
    expect(w.bead('b1').state).toBe('in_progress.inReview.cancelling.waiting');
    await w.pass(10 * MINUTE);
    expect(w.state('escalation/bead/b1:blocked')).toBe('raised');
    w.integrator.onMerged = async () => ({ commit });
    await w.pass(10 * MINUTE);
    expect(w.bead('b1')).toMatchObject({ state: 'closed.merged', context: { mergeCommit: commit } });
    expect(w.state('escalation/bead/b1:blocked')).toBe('resolved');
  });

  it('starts no merge that waits behind another one', async () => {
    await using w = await world({ agentCount: 2, beads: ['a', 'b'] });
    const first = deferred<MergeOutcome>();
    w.integrator.onMerge = () => first.promise;
    for (const run of w.container.starts) {
      await w.env.until(w.container.beat(run));
      await w.env.until(w.container.exit(run, 0));
    }
    await w.settle();
    const [merging = ''] = w.integrator.merges;
    const other = merging === 'a' ? 'b' : 'a';
    await w.tell(`bead/${other}`, { type: 'CANCEL' });
    await w.settle();
    expect(w.bead(other).state).toBe('failed.cancelled');
    first.resolve({ kind: 'merged', commit });
    await w.settle();
    expect(w.integrator.merges).toEqual([merging]);
  });
});
