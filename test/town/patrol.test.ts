import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { createSimulatedEnv, type SimulatedEnv } from '../../src/env/simulated.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import type { Town } from '../../src/town/api.ts';
import { createTown } from '../../src/town/town.ts';
import { MINUTE, RIG, ScriptedContainer, ScriptedIntegrator, SECOND, type World, world } from './world.ts';

type Place = AsyncDisposable & {
  readonly town: Town;
  readonly env: SimulatedEnv;
  readonly container: ScriptedContainer;
  state(ref: `${string}/${string}`): string | undefined;
  /** Closes the town, writes garbage where the entity's snapshot is, and opens it again. */
  damage(machine: string, id: string): Promise<void>;
};

/** A town with two agents on a database file. */
async function onDisk(): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'yardmaster-patrol-'));
  const file = join(directory, 'town.db');
  const env = createSimulatedEnv({ seed: 1 });
  const container = new ScriptedContainer();
  const agents = ['p1', 'p2'].map((id) => ({ id, rig: 'r' }));
  const open = async () => {
    const store = openSqlite({ file, env });
    const parts = { env, store, container, integrator: new ScriptedIntegrator(), rigs: { r: RIG }, agents };
    return { store, town: await env.until(createTown({ directory, policy: { jitter: 0 }, ...parts })) };
  };
  let { store, town } = await open();
  const close = async () => {
    const closed = Promise.resolve(town[Symbol.asyncDispose]());
    await env.pass(10 * SECOND);
    await closed;
    store.close();
  };
  return {
    ...{ env, container },
    get town() {
      return town;
    },
    state: (ref) => {
      const [machine = '', ...id] = ref.split('/');
      return town.get({ machine, id: id.join('/') })?.substate;
    },
    async damage(machine, id) {
      await close();
      const database = new Database(file);
      const { changes } = database
        .prepare(
          `UPDATE entity SET snapshot = '{"status": oops'
           WHERE key = (SELECT key FROM name WHERE machine = ? AND id = ?)`,
        )
        .run(machine, id);
      database.close();
      expect(changes).toBe(1);
      ({ store, town } = await open());
      await env.settle();
    },
    async [Symbol.asyncDispose]() {
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function create(place: Place, ...ids: string[]): Promise<void> {
  await place.env.until(place.town.createBeads(ids.map((id) => ({ id, title: id }))));
  await place.env.settle();
}

describe('an agent whose stored state is damaged', () => {
  it('is put aside with a person told; its bead goes to another, and the others go on', async () => {
    await using place = await onDisk();
    await create(place, 'a', 'b');
    const [first, second] = place.container.starts;
    await place.env.until(place.container.beat(first as never));
    await place.env.until(place.container.beat(second as never));
    await place.damage('agent', 'p1');
    expect(place.town.why({ machine: 'agent', id: 'p1' }).answer).toContain('its stored state can be read');
    for (let minute = 0; minute < 4; minute += 1) {
      await place.env.pass(30 * SECOND);
      await place.env.until(place.container.beat(second as never));
    }
    expect(place.town.get({ machine: 'agent', id: 'p1' })?.status).toBe('quarantined');
    expect(place.state('escalation/agent/p1:quarantined')).toBe('raised');
    expect(place.state('bead/a')).toBe('open.ready');
    expect(place.state('escalation/bead/a:invariant')).toMatch(/raised|resolved/);
    expect(place.state('bead/b')).toBe('in_progress.running');

    // What still runs for it is nobody's run.
    await place.env.until(place.container.beat(first as never));
    await place.env.settle();
    expect(place.container.stops).toContainEqual({ agent: 'p1', epoch: first?.epoch });

    await place.env.until(place.container.exit(second as never, 0));
    await place.env.pass(5 * SECOND);
    expect(place.state('bead/b')).toBe('closed.merged');
    expect(place.container.starts.at(-1)).toMatchObject({ bead: 'a', agent: 'p2' });
    await place.env.pass(2 * MINUTE);
    expect(place.state('escalation/bead/a:invariant')).toBe('resolved');
  });

  it('keeps nobody from being dispatched while it rests', async () => {
    await using place = await onDisk();
    await place.damage('agent', 'p1');
    const said = place.town.get({ machine: 'escalation', id: 'agent/p1:quarantined' });
    expect(said).toMatchObject({ state: 'raised', context: { message: expect.stringContaining('can not be read') } });
    await create(place, 'a');
    expect(place.container.starts).toMatchObject([{ bead: 'a', agent: 'p2' }]);
  });
});

describe('a bead whose stored state is damaged', () => {
  it('is put aside; the agent that kept it on its hook is free again', async () => {
    await using place = await onDisk();
    place.container.onStart = async () => ({ kind: 'refused', reason: 'no slot', permanent: false });
    await create(place, 'a');
    expect(place.town.get({ machine: 'agent', id: 'p1' })?.context.hook).toBe('a');
    await place.damage('bead', 'a');
    await place.env.pass(2 * MINUTE);
    expect(place.state('escalation/bead/a:quarantined')).toBe('raised');
    expect(place.town.get({ machine: 'agent', id: 'p1' })?.context.hook).toBeNull();
    place.container.onStart = async () => place.container.accepts();
    await create(place, 'b', 'c');
    expect(
      place.town
        .status()
        .working.map(({ agent }) => agent)
        .sort(),
    ).toEqual(['p1', 'p2']);
  });
});

describe('a rig without agents', () => {
  const id = 'rig/lonely:unmatched';

  async function lonely() {
    const w = await world({ beads: [], policy: { unmatchedMs: 10 * MINUTE } });
    await w.env.until(w.town.addRig('lonely', RIG));
    await w.create({ id: 'x', rig: 'lonely', title: 'x' });
    return w;
  }
  const state = (w: World) => w.town.get({ machine: 'escalation', id })?.state;

  it('with ready beads is told of after a while, once, until an agent comes', async () => {
    await using w = await lonely();
    await w.pass(9 * MINUTE);
    expect(state(w)).toBeUndefined();
    await w.pass(2 * MINUTE);
    expect(state(w)).toBe('raised');
    const [asked] = w.town.status().escalations;
    expect(asked).toMatchObject({ subject: 'rig/lonely', message: expect.stringContaining('no agent: add one') });
    await w.create({ id: 'y', rig: 'lonely', title: 'y' });
    await w.tell(`escalation/${id}`, { type: 'ACKNOWLEDGE' });
    await w.pass(60 * MINUTE);
    expect(state(w)).toBe('acknowledged');
    await w.env.until(w.town.addAgent({ id: 'q1', rig: 'lonely' }));
    await w.settle();
    expect(state(w)).toBe('resolved');
    expect(w.latest()).toMatchObject({ agent: 'q1' });
  });

  it('is told of after a restart too, and not when its beads are taken away', async () => {
    await using w = await lonely();
    await w.pass(5 * MINUTE);
    await w.restart();
    await w.pass(6 * MINUTE);
    expect(state(w)).toBe('raised');
    await w.tell('bead/x', { type: 'CANCEL' });
    await w.settle();
    expect(state(w)).toBe('resolved');
  });
});

describe('a container that does not answer', () => {
  it('keeps no town from opening', async () => {
    const env = createSimulatedEnv({ seed: 1 });
    const directory = mkdtempSync(join(tmpdir(), 'yardmaster-silent-'));
    const container = new ScriptedContainer();
    container.onHealth = () => new Promise(() => undefined);
    const opening = createTown({ directory, env, container, rigs: { r: RIG } });
    await env.pass(MINUTE);
    const town = await opening;
    expect(town.status().health.ok).toBe(true);
    const closed = Promise.resolve(town[Symbol.asyncDispose]());
    await env.pass(10 * SECOND);
    await closed;
    rmSync(directory, { recursive: true, force: true });
  });
});
