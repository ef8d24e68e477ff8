/** A town with several containers: who is placed where, and why a bead waits. */
import { describe, expect, test } from 'vitest';
import { MINUTE, RIG, ScriptedContainer, SECOND, world } from './world.ts';
import { ANY, host, placed, yard } from './yard.ts';

describe('a hosted container', () => {
  test('is up with its place, and takes runs', async () => {
    await using w = await yard({ x: { labels: ['gpu', 'linux'], slots: 3 } });
    expect(w.town.get({ machine: 'container', id: 'x' })).toMatchObject({
      state: 'up',
      context: { labels: ['gpu', 'linux'], slots: 3, incarnation: 'one' },
    });
    expect(w.town.list('container', { label: 'gpu' }).items.map(({ id }) => id)).toEqual(['x']);
    expect(w.town.get({ machine: 'container', id: 'local' })).toBeNull();
    await w.create('b1');
    expect(placed(w)).toEqual({ x: [], y: ['b1'] });
  });

  test('is configured by a later call, and its earlier object stands for it no more', async () => {
    await using w = await yard({ x: { labels: ['old'], slots: 1 }, y: { labels: ['old'], slots: 0 } });
    const other = new ScriptedContainer('x');
    await host(w, other, { labels: ['new'], slots: 2 });
    expect(w.town.get({ machine: 'container', id: 'x' })?.context).toMatchObject({ labels: ['new'], slots: 2 });
    await w.create('b1');
    expect([w.x.starts.length, other.starts.length]).toEqual([0, 1]);
  });

  test.each([
    ['an id', 'no id', ANY],
    ['a label', 'x', { labels: ['no label'], slots: null }],
    ['its slots', 'x', { labels: [], slots: -1 }],
    ['its slots', 'x', { labels: [], slots: 1.5 }],
  ])('is refused for %s that can not be', async (_, id, place) => {
    await using w = await world({ beads: [] });
    await expect(w.town.host(new ScriptedContainer(id), place)).rejects.toMatchObject({ code: 'invalid' });
  });

  test('stands beside the embedded one, which is preferred as soon as it is awake', async () => {
    await using w = await world({ beads: [], agentCount: 3 });
    const x = new ScriptedContainer('x');
    await host(w, x);
    await w.create('b1');
    await w.create('b2', 'b3');
    expect([x, w.container].map(({ starts }) => starts.map(({ bead }) => bead))).toEqual([['b1'], ['b2', 'b3']]);
    expect(w.town.get({ machine: 'container', id: 'local' })?.context).toMatchObject({
      labels: ['local'],
      slots: null,
    });
  });

  test('is woken when it was let go and is wanted again', async () => {
    await using w = await yard({ y: { labels: [], slots: 0 } });
    await w.pass(11 * MINUTE);
    expect(w.state('container/x')).toBe('absent');
    await w.create('b1');
    expect([w.state('container/x').split('.')[0], placed(w).x]).toEqual(['up', ['b1']]);
  });
});

describe('a run is placed', () => {
  test('where all the labels of its rig are', async () => {
    const places = { x: { labels: ['linux'], slots: null }, y: { labels: ['gpu', 'linux'], slots: null } };
    await using w = await yard(places, { rigs: { r: { ...RIG, labels: ['gpu', 'linux'] } } });
    await w.create('b1', 'b2');
    expect(placed(w)).toEqual({ x: [], y: ['b1', 'b2'] });
  });

  test('where the container of its agent is, when that is bound to one', async () => {
    await using w = await yard({}, { agentCount: 0 });
    await w.env.until(w.town.addAgent({ id: 'bound', rig: 'r', container: 'x' }));
    await w.create('b1');
    expect([placed(w), w.agent('bound').context]).toMatchObject([
      { x: ['b1'], y: [] },
      { pinned: 'x', container: 'x' },
    ]);
    await expect(w.town.addAgent({ id: 'lost', rig: 'r', container: 'nowhere' })).rejects.toMatchObject({
      code: 'unknown_entity',
    });
  });

  test('where most slots are free, and nowhere when all are taken', async () => {
    await using w = await yard({ x: { labels: [], slots: 1 }, y: { labels: [], slots: 2 } }, { agentCount: 4 });
    await w.create('b1', 'b2', 'b3', 'b4');
    expect(placed(w)).toEqual({ x: ['b2'], y: ['b1', 'b3'] });
    expect(w.town.why({ machine: 'bead', id: 'b4' }).answer).toContain('a container has a free slot');
    const [run] = w.y.starts;
    if (run) await w.env.until(w.y.exit(run, 0));
    await w.settle();
    expect(placed(w).y).toEqual(['b1', 'b3', 'b4']);
  });

  test('where its bead was before, as its conversation is there', async () => {
    await using w = await yard({ x: { labels: [], slots: 2 }, y: { labels: [], slots: 1 } }, { agentCount: 1 });
    await w.create('b1');
    const run = w.latestOn('x');
    await w.env.until(w.x.beat(run));
    // Meanwhile y is the one with more room.
    await host(w, w.y, { labels: [], slots: 9 });
    await w.env.until(w.x.exit(run, 1));
    await w.pass(40 * SECOND);
    expect(placed(w)).toEqual({ x: ['b1', 'b1'], y: [] });
  });

  test('elsewhere when it could not start there', async () => {
    await using w = await yard({ x: { labels: [], slots: 9 } }, { agentCount: 1 });
    w.x.onStart = async () => ({ kind: 'refused', reason: 'no room on the disk', permanent: false });
    w.y.onStart = w.x.onStart;
    await w.create('b1');
    expect(placed(w)).toEqual({ x: [], y: ['b1'] });
    w.x.onStart = async () => w.x.accepts();
    await w.pass(MINUTE);
    expect(placed(w)).toEqual({ x: ['b1'], y: ['b1'] });
  });

  test('not where nobody can be reached, until somebody can', async () => {
    await using w = await yard({ x: { labels: [], slots: 9 }, y: { labels: ['other'], slots: 0 } });
    w.x.connected = false;
    await w.create('b1');
    expect(placed(w).x).toEqual([]);
    expect(w.town.why({ machine: 'bead', id: 'b1' }).answer).toContain('container');
    w.x.connected = true;
    await host(w, w.x, { labels: [], slots: 9 });
    expect(placed(w).x).toEqual(['b1']);
  });
});

describe('a bead that no container can take says why', () => {
  test('no labels match', async () => {
    await using w = await yard({}, { rigs: { r: { ...RIG, labels: ['gpu'] } } });
    await w.create('b1');
    expect(w.town.why({ machine: 'bead', id: 'b1' }).answer).toBe(
      'bead/b1 is open.ready: it waits until a container has the labels that its rig asks for: gpu ' +
        '(a runner with --label gpu).',
    );
  });

  test('there is no container', async () => {
    await using w = await world({ local: false, beads: ['b1'] });
    expect(w.town.why({ machine: 'bead', id: 'b1' }).answer).toContain('a runner: the town has no container');
  });

  test('the only one that would do is not connected', async () => {
    await using w = await yard();
    [w.x.connected, w.y.connected] = [false, false];
    await w.create('b1');
    expect(w.town.why({ machine: 'bead', id: 'b1' }).answer).toContain('a container that it may run in is up');
    expect(w.town.why({ machine: 'container', id: 'x' }).answer).toContain('its runner is connected (the runner x)');
  });
});

describe('a town that was closed and opened again', () => {
  test('knows its containers, and waits for those that did not come back', async () => {
    await using w = await yard({}, { agentCount: 1 });
    await w.create('b1');
    const run = w.latestOn('x');
    await w.env.until(w.x.beat(run));
    await w.restart();
    expect(w.town.list('container').items.map(({ id }) => id)).toEqual(['x', 'y']);
    await w.create('b2');
    // Nothing is concluded of a run in a container that nobody stands for, nothing is placed there.
    await w.pass(MINUTE + 10 * SECOND);
    expect([w.state('agent/p1').split('.')[0], w.bead('b1').state]).toEqual(['working', 'in_progress.running']);
    const back = new ScriptedContainer('x');
    await host(w, back);
    await w.env.until(back.beat(run));
    await w.settle();
    expect(w.state('agent/p1')).toBe('working.running.active');
    await w.env.until(back.exit(run, 0));
    await w.settle();
    expect(w.bead('b1').state).toBe('closed.merged');
    expect(w.town.attempts({ machine: 'bead', id: 'b1' })).toHaveLength(1);
  });
});

test('what a run reported is merged, although its container is gone since', async () => {
  await using w = await yard({}, { agentCount: 1 });
  await w.create('b1');
  w.integrator.onMerge = async () => ({ kind: 'blocked', reason: 'a person works there' });
  await w.env.until(w.x.exit(w.latestOn('x'), 0));
  await w.settle();
  await w.restart();
  w.integrator.onMerge = async () => ({ kind: 'merged', commit: 'c'.repeat(40) });
  await w.pass(10 * MINUTE);
  expect(w.bead('b1').state).toBe('closed.merged');
});

describe('a rig whose beads no container can take', () => {
  const told = (w: { state(ref: string): string }) => w.state('escalation/rig/r:unmatched');

  test('is told of after a while, and no more when a container came', async () => {
    await using w = await yard({}, { rigs: { r: { ...RIG, labels: ['gpu'] } } });
    await w.create('b1');
    await w.pass(5 * MINUTE);
    expect(w.town.status().escalations.map(({ message }) => message)).toEqual([
      'rig r has ready beads and no container with the labels gpu: start a runner that has them (yardmaster runner)',
    ]);
    await host(w, new ScriptedContainer('z'), { labels: ['gpu'], slots: 1 });
    expect([told(w), w.bead('b1').state]).toEqual(['resolved', 'in_progress.starting']);
  });

  test('is told of when its runners are away', async () => {
    await using w = await yard();
    [w.x.connected, w.y.connected] = [false, false];
    await w.create('b1');
    await w.pass(5 * MINUTE);
    expect(w.town.status().escalations[0]?.message).toContain('the runner of x, y is not connected');
    w.y.connected = true;
    await host(w, w.y);
    expect([told(w), placed(w).y]).toEqual(['resolved', ['b1']]);
  });
});
