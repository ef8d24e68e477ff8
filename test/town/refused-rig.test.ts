/** A rig whose agents can not start: it alone rests, one person is told, and it heals by itself when it may. */
import { describe, expect, it } from 'vitest';
import type { RunProfile, RunSpec, StartOutcome } from '../../src/agents/port.ts';
import { MINUTE, RIG, type ScriptedContainer, SECOND, type World, type WorldOptions, world } from './world.ts';

const NO_KEY = 'credentials are missing. KILO_TOKEN: the environment variable KILO_TOKEN is not set';
const forGood: StartOutcome = { kind: 'refused', reason: NO_KEY, permanent: true };
const away: StartOutcome = { kind: 'refused', reason: 'the gateway is down', permanent: false, scope: 'rig' };

/** Rigs r and s with two agents each; starts of r are answered as told. */
async function twoRigs(answer: StartOutcome, options: WorldOptions = {}): Promise<World> {
  const agents = ['p1', 'p2'].map((id) => ({ id, rig: 'r' })).concat(['q1', 'q2'].map((id) => ({ id, rig: 's' })));
  const w = await world({ rigs: { r: RIG, s: RIG }, agents, beads: [], ...options });
  w.container.onStart = async ({ rig }) => (rig === 'r' ? answer : w.container.accepts());
  return w;
}
const create = (w: World, ...ids: string[]) =>
  w.create(...ids.map((id) => ({ id, title: id, rig: id.startsWith('s') ? 's' : 'r' })));
const startsOf = (w: World, rig: string) => w.container.starts.filter((spec) => spec.rig === rig).length;
const raised = (w: World) => w.town.status().escalations.map(({ subject }) => subject);

function onLook(w: World, look: ScriptedContainer['readiness']): void {
  w.container.readiness = look;
}

describe('S1 credentials that never reach the agent', () => {
  it('are found before a start: one attempt, one escalation, and the other rig works on', async () => {
    await using w = await twoRigs(forGood);
    await create(w, 'r1');
    await create(w, 'r2', 'r3', 's1');
    await w.pass(3 * 60 * MINUTE);
    expect([startsOf(w, 'r'), raised(w)]).toEqual([1, ['rig/r']]);
    expect([w.state('rig/r'), w.state('bead/r1'), w.state('bead/r2')]).toEqual([
      ...['blocked.waiting', 'open.blockedConfig', 'open.ready'],
    ]);
    expect([w.agent('p1').state, w.agent('p2').state]).toEqual(['idle.ready', 'idle.ready']);
    expect([startsOf(w, 's'), w.state('rig/s')]).toEqual([expect.any(Number), 'active']);
    const why = w.town.why({ machine: 'bead', id: 'r2' });
    expect(why.answer).toContain(NO_KEY);
    expect(why.answer).toContain('RESUME rig/r');
    expect(w.town.status().rigs).toMatchObject([
      { id: 'r', reason: NO_KEY },
      { id: 's', state: 'active' },
    ]);
    expect(w.bead('r1').context.startFailures).toBe(0);
  });

  it.each([
    ['the rig is configured', (w: World) => w.town.addRig('r', { ...RIG, env: { A: 'b' } })],
    ['a person resumes it', (w: World) => w.town.send({ machine: 'rig', id: 'r' }, { type: 'RESUME' })],
    ['a person resets it', (w: World) => w.town.send({ machine: 'rig', id: 'r' }, { type: 'RESET' })],
    ['a setting is changed', (w: World) => w.town.patchPolicy({ remindersMax: 2 })],
  ])('heal when %s, attempts reset', async (_, mend) => {
    await using w = await twoRigs(forGood);
    await create(w, 'r1', 'r2', 'r3');
    w.container.onStart = async () => w.container.accepts();
    await w.env.until(mend(w) as Promise<unknown>);
    await w.settle();
    expect([w.state('rig/r'), w.bead('r1').context.startFailures, raised(w)]).toEqual(['active', 0, []]);
    expect(w.town.status().working).toHaveLength(2);
  });

  it('heal when the town is opened again, because its environment may be another one', async () => {
    await using w = await twoRigs(forGood);
    await create(w, 'r1');
    w.container.onStart = async () => w.container.accepts();
    await w.restart();
    expect([w.state('rig/r'), w.state('bead/r1')]).toEqual(['active', 'in_progress.starting']);
  });

  it('of a town of an earlier version are told of by the rig alone', async () => {
    await using w = await twoRigs(forGood);
    await create(w, 'r1');
    const [subject, cause] = ['bead/r1', 'blocked'];
    await w.tell('escalation/bead/r1:blocked', { type: 'RAISE', subject, cause, message: 'bead r1 is blocked' });
    expect(raised(w)).toContain('bead/r1');
    await w.restart();
    expect(raised(w)).toEqual(['rig/r']);
  });

  it('leave what runs alone: it comes to its merge while its rig is blocked', async () => {
    await using w = await twoRigs(forGood);
    w.container.onStart = async () => w.container.accepts();
    await create(w, 'r1');
    const run = w.latest();
    await w.env.until(w.container.beat(run));
    w.container.onStart = async () => forGood;
    await create(w, 'r2');
    expect([w.state('rig/r'), w.state('bead/r1')]).toEqual(['blocked.waiting', 'in_progress.running']);
    await w.env.until(w.container.exit(run, 0));
    await w.settle();
    expect([w.state('rig/r'), w.state('bead/r1')]).toEqual(['blocked.waiting', 'closed.merged']);
    expect(w.container.stops).toEqual([]);
  });

  it('heal by themselves when a look finds them, and cost nothing until then', async () => {
    await using w = await twoRigs(forGood);
    const looks: RunProfile[] = [];
    let isThere = false;
    onLook(w, async (profile) => {
      looks.push(profile);
      return isThere ? { ready: true } : { ready: false, permanent: true, reason: 'KILO_TOKEN is not set' };
    });
    await create(w, 'r1');
    await w.pass(60 * MINUTE);
    expect([startsOf(w, 'r'), looks.length]).toEqual([1, 5]);
    expect(w.town.why({ machine: 'rig', id: 'r' }).answer).toContain('KILO_TOKEN is not set');
    isThere = true;
    w.container.onStart = async () => w.container.accepts();
    for (let minute = 0; minute < 31 && w.state('rig/r') !== 'active'; minute += 1) await w.pass(MINUTE);
    expect([w.state('bead/r1'), raised(w)]).toEqual(['in_progress.starting', []]);
    expect(w.town.verify()).toMatchObject({ ok: true, problems: [] });
  });

  it('of several runs at once block once', async () => {
    await using w = await twoRigs(forGood);
    w.container.onStart = async () => {
      await w.env.until(Promise.resolve());
      return forGood;
    };
    await create(w, 'r1', 'r2');
    expect([w.state('bead/r1'), w.state('bead/r2'), raised(w)]).toEqual([
      ...['open.blockedConfig', 'open.blockedConfig', ['rig/r']],
    ]);
    const said = w.town.log({ entity: { machine: 'escalation', id: 'rig/r:blocked' }, type: 'RAISE' });
    expect(said).toHaveLength(1);
  });
});

describe('a gateway that is down', () => {
  it('charges nobody, however long it takes, and tells a person in time', async () => {
    await using w = await twoRigs(away, { policy: { breakerFailures: 2 } });
    onLook(w, async () => ({ ready: false, permanent: false, reason: 'the gateway is down' }));
    await create(w, 'r1', 'r2');
    await w.pass(5 * MINUTE);
    expect([w.state('rig/r'), w.state('bead/r1'), raised(w)]).toEqual(['unready.waiting', 'open.ready', []]);
    await w.pass(5 * 60 * MINUTE);
    expect([startsOf(w, 'r'), raised(w), w.state('breaker/town')]).toEqual([2, ['rig/r'], 'closed.available']);
    const { startFailures, runFailures, evictions } = w.bead('r1').context;
    expect([startFailures, runFailures, evictions]).toEqual([0, 0, 0]);
    onLook(w, async () => ({ ready: true }));
    w.container.onStart = async () => w.container.accepts();
    for (let minute = 0; minute < 6 && w.state('rig/r') !== 'active'; minute += 1) await w.pass(MINUTE);
    expect([w.state('bead/r1'), w.state('bead/r2'), raised(w)]).toEqual([
      ...['in_progress.starting', 'in_progress.starting', []],
    ]);
  });
});

describe('a key that is revoked while a run works', () => {
  it('blocks the rig and gives the bead back without a charge; the next key brings it on', async () => {
    await using w = await twoRigs(forGood);
    w.container.onStart = async () => w.container.accepts();
    await create(w, 'r1');
    const run = w.latest();
    await w.env.until(w.container.beat(run));
    const reason = '401: the key was revoked';
    await w.tell(`agent/${run.agent}`, { type: 'FAILED', epoch: run.epoch, class: 'config', reason });
    await w.pass(30 * SECOND);
    expect([w.state('rig/r'), w.state('bead/r1'), startsOf(w, 'r')]).toEqual(['blocked.waiting', 'open.ready', 1]);
    expect(w.bead('r1').context.runFailures).toBe(0);
    expect(w.container.stops).toContainEqual({ agent: run.agent, epoch: run.epoch });
    await w.tell('rig/r', { type: 'RESUME' });
    await w.settle();
    expect(w.state('bead/r1')).toBe('in_progress.starting');
  });

  it('is charged when it happens again and again, although each look says that all is well', async () => {
    await using w = await twoRigs(forGood, { policy: { runsMax: 3, dispatchesPerHour: 100 } });
    onLook(w, async () => ({ ready: true }));
    w.container.onStart = async () => w.container.accepts();
    await create(w, 'r1');
    for (let minute = 0; minute < 240 && !w.state('bead/r1').startsWith('failed'); minute += 1) {
      if (w.state('bead/r1') === 'in_progress.starting') {
        const { agent, epoch } = w.latest();
        await w.env.until(w.container.beat({ agent, epoch }));
        await w.tell(`agent/${agent}`, { type: 'FAILED', epoch, class: 'config', reason: '401' });
      }
      await w.pass(MINUTE);
    }
    expect([w.state('bead/r1'), startsOf(w, 'r')]).toEqual(['failed.gaveUp', 5]);
  });
});

describe('an agent that is bound to one container', () => {
  it('rests alone: others of its rig go on', async () => {
    const agents = [
      { id: 'p1', rig: 'r', container: 'local' },
      { id: 'p2', rig: 'r' },
    ];
    await using w = await world({ agents, beads: [] });
    w.container.onStart = async ({ agent }: RunSpec) => (agent === 'p1' ? forGood : w.container.accepts());
    await w.create('a', 'b');
    await w.settle();
    expect([w.agent('p1').state, w.state('rig/r')]).toEqual(['idle.quarantined', 'active']);
    expect(raised(w)).toEqual(['agent/p1']);
    expect(['a', 'b'].map((id) => w.state(`bead/${id}`)).sort()).toEqual(['in_progress.starting', 'open.ready']);
  });
});

it('nobody but an agent of the rig may say that a start was refused', async () => {
  await using w = await twoRigs(forGood);
  const said = { type: 'START_REFUSED', epoch: 1, container: 'local', reason: 'mischief', permanent: true };
  expect(await w.tell('rig/s', said)).toContain('a message between the charts');
  expect(w.state('rig/s')).toBe('active');
});
