import { describe, expect, it } from 'vitest';
import { coerceError } from '../../src/core/errors.ts';
import type { BeadInput } from '../../src/town/api.ts';
import { MINUTE, SECOND, type World, world } from './world.ts';

const refused = { kind: 'refused', reason: 'no slot', permanent: false } as const;
const beat = (w: World) => w.env.until(w.container.beat(w.latest()));
const exit = (w: World, code: number) => w.env.until(w.container.exit(w.latest(), code));

async function refusal(w: World, ...beads: BeadInput[]): Promise<string> {
  const created = w.town.createBeads(beads).then(
    () => 'created',
    (thrown: unknown) => coerceError(thrown).message,
  );
  return w.env.until(created);
}

describe('creating beads', () => {
  it('is all or none, and says what is wrong', async () => {
    await using w = await world();
    const good = { id: 'good', title: 'good' };
    expect(await refusal(w, good, { id: 'x', title: 'x', dependsOn: ['nobody'] })).toContain('depends on nobody');
    expect(await refusal(w, good, { id: 'x', title: 'x', rig: 'other' })).toContain('there is no rig other');
    expect(await refusal(w, good, good)).toContain('twice');
    expect(await refusal(w, good, { id: 'b1', title: 'again' })).toContain('exists already');
    const circle = [
      { id: 'x', title: 'x', dependsOn: ['y'] },
      { id: 'y', title: 'y', dependsOn: ['x'] },
    ];
    expect(await refusal(w, good, ...circle)).toContain('circle');
    expect(w.town.get({ machine: 'bead', id: 'good' })).toBeNull();
  });

  it('takes them in any order, by priority', async () => {
    await using w = await world();
    await w.create(
      { id: 'c', title: 'c', dependsOn: ['a'] },
      { id: 'a', title: 'a', priority: 3 },
      { id: 'b', title: 'b', priority: 1 },
    );
    await beat(w);
    await exit(w, 0);
    await w.pass(3 * SECOND);
    expect(w.latest().bead).toBe('b');
  });
});

describe('the caps of a bead', () => {
  it('in an hour hold for retries too', async () => {
    await using w = await world({ policy: { attemptsMax: 10, backoffMs: [SECOND], dispatchesPerHour: 4 }, beads: [] });
    w.container.onStart = async () => refused;
    await w.create('b');
    await w.pass(MINUTE);
    expect([w.bead('b').state, w.agent().context.hook]).toEqual(['open.throttled', null]);
    expect(w.container.starts).toHaveLength(4);
    await w.pass(58 * MINUTE);
    expect(w.container.starts).toHaveLength(4);
    await w.pass(2 * MINUTE);
    expect(w.container.starts.length).toBeGreaterThan(4);
  });

  it('of its own free the agent that still kept it', async () => {
    await using w = await world({ beads: [] });
    w.container.onStart = async () => refused;
    await w.create({ id: 'b', title: 'b', policy: { attemptsMax: 1 } });
    expect([w.bead('b').state, w.agent().state, w.agent().context.hook]).toEqual([
      ...['failed.exhausted', 'idle.cooldown', null],
    ]);
  });

  it('in its generation end in failed, until a person reopens it', async () => {
    const policy = { attemptsMax: 2, backoffMs: [SECOND], cooldownMs: MINUTE, dispatchesMax: 5, breakerFailures: 100 };
    await using w = await world({ policy, beads: [] });
    w.container.onStart = async () => refused;
    await w.create('b');
    await w.pass(30 * MINUTE);
    expect(w.bead('b').state).toBe('failed.gaveUp');
    expect(w.container.starts).toHaveLength(5);
    expect(w.state('escalation/bead/b:failed')).toBe('raised');
    await w.tell('bead/b', { type: 'REOPEN' });
    expect(w.bead('b').context).toMatchObject({ generation: 2, dispatches: 1 });
    expect(w.state('escalation/bead/b:failed')).toBe('resolved');
  });

  it('on lost runs are not lifted by heartbeats, nor by time', async () => {
    await using w = await world({ policy: { runsMax: 2, dispatchesPerHour: 100 } });
    await beat(w);
    await exit(w, 1);
    await w.pass(5 * 60 * MINUTE);
    await beat(w);
    await exit(w, 1);
    await w.settle();
    expect(w.bead('b1').state).toBe('failed.gaveUp');
  });

  it('on evictions count only runs that had begun', async () => {
    await using w = await world({ policy: { evictionsFree: 1 } });
    const evict = async () => {
      await w.tell('container/local', { type: 'SEEN', incarnation: `i${w.container.starts.length}` });
      await w.pass(3 * SECOND);
    };
    await evict();
    expect(w.bead('b1').context).toMatchObject({ evictions: 0, runFailures: 0 });
    await beat(w);
    await evict();
    expect(w.bead('b1').context).toMatchObject({ evictions: 1, runFailures: 0 });
    await beat(w);
    await evict();
    expect(w.bead('b1').context).toMatchObject({ evictions: 2, runFailures: 1 });
  });
});

describe('the budget of a bead', () => {
  it('ends it when it is spent, and stops its run', async () => {
    await using w = await world({ beads: [] });
    await w.create({ id: 'b', title: 'b', policy: { budgetUsd: 3 } });
    const { epoch } = w.latest();
    await beat(w);
    await w.tell('agent/p1', { type: 'USAGE', epoch, tokens: 1, costUsd: 2 });
    expect(w.bead('b').state).toBe('in_progress.running');
    await w.tell('agent/p1', { type: 'USAGE', epoch, tokens: 1, costUsd: 2 });
    expect(w.bead('b')).toMatchObject({ state: 'failed.budget', context: { spentUsd: 4 } });
    expect(w.container.stops).toContainEqual({ agent: 'p1', epoch });
  });

  it('counts what a run reports after it was given up, before the next may begin', async () => {
    await using w = await world({ beads: [] });
    await w.create({ id: 'b', title: 'b', policy: { budgetUsd: 3 } });
    const { epoch } = w.latest();
    await beat(w);
    await exit(w, 1);
    await w.tell('agent/p1', { type: 'USAGE', epoch, tokens: 1, costUsd: 5 });
    await w.pass(31 * SECOND);
    expect(w.bead('b')).toMatchObject({ state: 'failed.budget', context: { spentUsd: 5 } });
    expect(w.container.starts).toHaveLength(1);
  });

  it('does not throw away work that is being merged', async () => {
    await using w = await world({ beads: [] });
    w.integrator.onMerge = async () => ({ kind: 'blocked', reason: 'wait' });
    await w.create({ id: 'b', title: 'b', policy: { budgetUsd: 3 } });
    const { epoch } = w.latest();
    await beat(w);
    await exit(w, 0);
    await w.tell('agent/p1', { type: 'USAGE', epoch, tokens: 1, costUsd: 5 });
    expect(w.bead('b')).toMatchObject({ state: 'in_progress.inReview.blocked', context: { spentUsd: 5 } });
  });
});

describe('a bead that is given up', () => {
  it('fences the run that was lost last: what still lives of it is ended, and revives nothing', async () => {
    await using w = await world({ policy: { runsMax: 1 } });
    await beat(w);
    const run = w.latest();
    await w.pass(90 * SECOND + 61 * SECOND);
    expect([w.agent().state, w.bead('b1').state]).toEqual(['exited.lost', 'failed.gaveUp']);
    await w.pass(3 * SECOND);
    const stops = w.container.stops.length;
    await w.env.until(w.container.beat(run));
    await w.settle();
    expect([w.agent().state, w.bead('b1').state]).toEqual(['idle.ready', 'failed.gaveUp']);
    expect(w.container.stops.length).toBe(stops + 1);
  });

  it('and reopened while its run is still being ended waits for that', async () => {
    await using w = await world();
    await beat(w);
    let end = () => undefined as unknown;
    w.container.stop = () => new Promise((resolve) => (end = () => resolve('stopped')));
    await w.tell('bead/b1', { type: 'CANCEL' });
    expect(w.agent().state).toBe('working.stopping');
    expect(await w.tell('bead/b1', { type: 'REOPEN' })).toBeNull();
    expect(w.bead('b1').state).toBe('in_progress.stopping');
    end();
    await w.pass(3 * SECOND);
    expect(w.bead('b1')).toMatchObject({ state: 'in_progress.starting', context: { runFailures: 0, generation: 2 } });
    expect(w.container.starts).toHaveLength(2);
  });
});

describe('an agent that asks', () => {
  it('stops, and its bead waits for the answer of a person', async () => {
    await using w = await world();
    await beat(w);
    const { epoch } = w.latest();
    await w.tell('agent/p1', { type: 'FAILED', epoch, class: 'needs_input', reason: 'which colour?' });
    expect(w.bead('b1').state).toBe('open.awaitingInput');
    expect(w.town.status().escalations).toMatchObject([{ message: 'bead b1 asks: which colour?' }]);
    await w.pass(5 * SECOND);
    await w.tell('bead/b1', { type: 'RELEASE' });
    expect(w.bead('b1').state).toBe('in_progress.starting');
    expect(w.state('escalation/bead/b1:input')).toBe('resolved');
  });
});
