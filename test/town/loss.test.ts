/** Loss of one container never touches the runs of another: the same town is played with the loss and without it. */
import { expect, test } from 'vitest';
import type { RunStatus } from '../../src/agents/port.ts';
import { MINUTE, RIG, SECOND } from './world.ts';
import { type Yard, yard } from './yard.ts';

const MACHINES = ['agent', 'bead'] as const;

/** One rig, one agent and one bead for each container. */
async function twoSides(): Promise<Yard> {
  const policy = { nudgeMs: 2 * MINUTE, escalateMs: 2 * MINUTE };
  const w = await yard({}, { agentCount: 0, rigs: { rx: RIG, ry: RIG }, policy });
  for (const side of ['x', 'y']) {
    await w.env.until(w.town.addAgent({ id: `p${side}`, rig: `r${side}`, container: side }));
  }
  return w;
}

/** Puts the work of y where the loss is to find it: each ends in the state that it is named after. */
const STATES: Readonly<Record<string, (w: Yard) => Promise<void>>> = {
  'working.dispatching': async (w) => {
    w.y.onStart = () => new Promise(() => undefined);
    await begin(w);
  },
  'working.unconfirmed.waiting': async (w) => {
    w.y.onStart = async () => ({ kind: 'unknown', cause: 'no answer' });
    await begin(w);
  },
  'working.starting': begin,
  'working.running.active': running,
  'working.running.quiet': async (w) => quietFor(w, 3),
  'working.running.stalled': async (w) => quietFor(w, 5),
  'working.suspect.doubted.waiting': async (w) => {
    await running(w);
    await w.pass(2 * MINUTE);
  },
  'working.suspect.proven.waiting': async (w) => {
    w.y.onProbe = (): RunStatus => 'running';
    await running(w);
    await w.pass(2 * MINUTE);
  },
  'working.stopping': async (w) => {
    w.y.stop = () => new Promise(() => undefined);
    await running(w);
    await w.tell('agent/py', { type: 'STOP' });
  },
  'exited.crashed': async (w) => {
    await running(w);
    await w.env.until(w.y.exit(w.latestOn('y'), 1));
  },
  'idle.cooldown': async (w) => {
    w.y.onStart = async () => ({ kind: 'refused', reason: 'no', permanent: false });
    await begin(w);
  },
  'idle.ready': async () => undefined,
};

async function begin(w: Yard): Promise<void> {
  await w.create({ id: 'by', rig: 'ry', title: 'by' });
}

async function running(w: Yard): Promise<void> {
  await begin(w);
  await w.env.until(w.y.beat(w.latestOn('y')));
}

/** It lives and shows no progress. */
async function quietFor(w: Yard, minutes: number): Promise<void> {
  await running(w);
  for (let half = 0; half < 2 * minutes; half += 1) {
    await w.pass(30 * SECOND);
    await w.env.until(w.y.beat(w.latestOn('y')));
  }
}

const LOSSES: Readonly<Record<string, (w: Yard) => Promise<void>>> = {
  'went down': async (w) => {
    w.x.onHealth = () => Promise.reject(new Error('gone'));
    await w.pass(2 * MINUTE);
  },
  'was renewed': async (w) => {
    await w.tell('container/x', { type: 'SEEN', incarnation: 'another' });
    await w.pass(2 * MINUTE);
  },
  'was closed': async (w) => {
    await w.tell('container/x', { type: 'DRAIN' });
    await w.pass(6 * MINUTE);
  },
  'is lost to nobody': async (w) => w.pass(6 * MINUTE),
};

/** What was heard on the side of y, step by step, and when. */
function story(w: Yard, upTo: number): readonly string[] {
  return MACHINES.flatMap((machine) =>
    w.town
      .log({ entity: { machine, id: machine === 'agent' ? 'py' : 'by' } }, { limit: 500 })
      .filter(({ at }) => at <= upTo)
      .map(({ at, event, before, after }) => `${at} ${machine} ${event.type} ${before} ${after}`),
  );
}

type Played = { readonly state: string; readonly y: readonly string[]; readonly x: string };

async function play(state: string, loss: string): Promise<Played> {
  await using w = await twoSides();
  await w.create({ id: 'bx', rig: 'rx', title: 'bx' });
  await w.env.until(w.x.beat(w.latestOn('x')));
  await STATES[state]?.(w);
  await w.settle();
  const reached = w.state('agent/py');
  const upTo = w.env.clock.now() + 2 * MINUTE;
  // The run of x speaks until then.
  await w.env.until(w.x.beat(w.latestOn('x')));
  await LOSSES[loss]?.(w);
  const heard = w.town.log({ entity: { machine: 'agent', id: 'px' } }, { limit: 500 });
  return { state: reached, y: story(w, upTo), x: heard.map(({ event }) => event.type).join(' ') };
}

test.each(Object.keys(STATES))('of a run that is %s', async (state) => {
  const alone = await play(state, 'is lost to nobody');
  expect(alone.state).toBe(state);
  for (const loss of ['went down', 'was renewed', 'was closed']) {
    const lost = await play(state, loss);
    expect(lost.x).toMatch(/CONTAINER_(DOWN|RENEWED|CLOSING)/);
    expect(lost.y, loss).toEqual(alone.y);
  }
});
