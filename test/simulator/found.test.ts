/** Faults that the simulator found in the town, each in its smallest form, so that they stay mended. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Refused, Retryable } from '../../src/core/errors.ts';
import { createSimulatedEnv } from '../../src/env/simulated.ts';
import { openMemory } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/port.ts';
import { createTown } from '../../src/town/town.ts';
import { MINUTE, RIG, ScriptedContainer, ScriptedIntegrator, world } from '../town/world.ts';

const directory = mkdtempSync(join(tmpdir(), 'yardmaster-found-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('a dispatch that a full disk refused is proposed again when there is room', async () => {
  const env = createSimulatedEnv({ seed: 1 });
  const inner = openMemory({ env });
  let full = false;
  const store: Store = {
    ...inner,
    commit: (work) => {
      if (full) throw new Retryable('database or disk is full', 5_000);
      const value = inner.commit(work);
      // Room for the bead and for the demand for a container; none for the dispatch that follows.
      full = inner.read.entity({ machine: 'container', id: 'local' })?.state === 'up.vacant' && !recovered;
      return value;
    },
  };
  let recovered = false;
  const parts = { container: new ScriptedContainer(), integrator: new ScriptedIntegrator(), rigs: { r: RIG } };
  const town = await createTown({ directory, env, store, ...parts, agents: [{ id: 'p1', rig: 'r' }] });
  await env.until(town.createBeads([{ id: 'b1', title: 'b1' }]));
  await env.settle();
  expect(full).toBe(true);
  full = false;
  recovered = true;
  await env.pass(5 * MINUTE);
  expect(town.get({ machine: 'bead', id: 'b1' })?.substate).toBe('in_progress.starting');
});

it('a silent run that was given up is ended, although the first try to end it got lost', async () => {
  await using town = await world();
  const run = town.latest();
  await town.env.until(town.container.beat(run));
  town.container.onProbe = () => 'running';
  town.container.stop = async () => {
    town.container.stops.push(run);
    throw new Retryable('the container does not answer', 1_000);
  };
  await town.pass(10 * MINUTE);
  expect(town.bead('b1').context.runFailures).toBe(1);
  const tries = town.container.stops.length;
  town.container.stop = async ({ agent, epoch }) => {
    town.container.stops.push({ agent, epoch });
    return 'stopped';
  };
  await town.pass(30 * MINUTE);
  expect(town.container.stops.filter(({ epoch }) => epoch === run.epoch).length).toBeGreaterThan(tries);
});

it('a run that could not be stopped in time is told to end until it does', async () => {
  await using town = await world();
  const run = town.latest();
  await town.env.until(town.container.beat(run));
  town.container.onProbe = () => 'running';
  town.container.stop = async () => {
    throw new Retryable('the container does not answer', 1_000);
  };
  await town.tell('agent/p1', { type: 'STOP' });
  await town.pass(2 * MINUTE);
  expect(town.agent().state).not.toMatch(/^working\.stopping/);
  const told: number[] = [];
  town.container.stop = async ({ epoch }) => {
    told.push(epoch);
    return 'stopped';
  };
  await town.pass(2 * MINUTE);
  expect(told).toContain(run.epoch);
});

it('a run that is told to end is told again although the clock jumped over the first try', async () => {
  await using town = await world();
  const run = town.latest();
  await town.env.until(town.container.beat(run));
  town.container.stop = () => new Promise(() => undefined);
  await town.tell('agent/p1', { type: 'STOP' });
  await town.pass(2 * MINUTE);
  town.env.jump(150 * MINUTE);
  const told: number[] = [];
  town.container.stop = async ({ epoch }) => {
    told.push(epoch);
    return 'stopped';
  };
  await town.pass(5 * MINUTE);
  expect(told).toContain(run.epoch);
});

it('a container that is gone is provided again for work that waits to be merged', async () => {
  await using town = await world();
  let up = true;
  const reach = <T>(answer: T) => {
    if (up) return answer;
    throw new Retryable('nobody listens where the container was', 1_000);
  };
  town.container.onHealth = async () => reach({ incarnation: town.container.incarnation });
  town.container.finish = async () => reach(town.container.evidence);
  town.container.onProvision = async () => {
    up = true;
    return { incarnation: 'two' };
  };
  await town.env.until(town.container.beat(town.latest()));
  up = false;
  await town.tell('agent/p1', { type: 'DONE', epoch: town.latest().epoch });
  await town.pass(6 * 60 * MINUTE);
  expect(town.bead('b1').state).toBe('closed.merged');
});

it('a probe of an earlier epoch that got no answer says nothing about the current one', async () => {
  await using town = await world({ beads: [], policy: { backoffMs: [1_000] } });
  const refusals: (() => void)[] = [];
  town.container.onStart = async () => ({ kind: 'unknown', cause: 'no answer' });
  town.container.probe = () =>
    new Promise((_, reject) => {
      refusals.push(() => reject(new Refused('busy', 'it is too busy to say')));
    });
  await town.env.until(town.town.createBeads([{ id: 'b1', title: 'b1' }]));
  await town.settle();
  const { epoch } = town.latest();
  // Asked at 0, 40 and 80 s; given up at 90 s; the next run is asked after at 91 s.
  while (town.latest().epoch === epoch) await town.pass(1_000);
  expect(town.agent().state).toBe('working.unconfirmed.asking');
  refusals.at(-2)?.();
  await town.settle();
  expect(town.agent().state).toBe('working.unconfirmed.asking');
});
