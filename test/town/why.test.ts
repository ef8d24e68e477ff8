import { describe, expect, it } from 'vitest';
import { MINUTE, RIG, SECOND, type World, world } from './world.ts';

const why = (w: World, machine: string, id: string) => w.town.why({ machine, id });
const falseOnes = (w: World, id: string) =>
  why(w, 'bead', id)
    .conditions.filter(({ holds }) => !holds)
    .map(({ condition }) => condition);

describe('why a bead waits', () => {
  it('for an agent, with who is busy and who is ahead', async () => {
    await using w = await world({ beads: ['a', 'b', 'c'] });
    expect(falseOnes(w, 'c')).toEqual(['an agent of rig r is free', 'it is its turn']);
    expect(why(w, 'bead', 'c').answer).toContain('it waits until an agent of rig r is free');
  });

  it('for an agent that its rig does not have, however many there are elsewhere', async () => {
    await using w = await world({ beads: [] });
    await w.env.until(w.town.addRig('bare', RIG));
    await w.create({ id: 'a', title: 'a', rig: 'bare' });
    const held = why(w, 'bead', 'a').conditions.find(({ holds }) => !holds);
    expect(held).toMatchObject({ condition: 'an agent of rig bare is free', inputs: { free: 0, agents: {} } });
    expect(why(w, 'bead', 'a').answer).toContain('rig bare has no agents');
  });

  it('for a rig that rests', async () => {
    await using w = await world({ beads: [] });
    await w.tell('rig/r', { type: 'PAUSE' });
    await w.create('a');
    expect(falseOnes(w, 'a')[0]).toBe('rig r is active');
    expect(why(w, 'bead', 'a').answer).toContain('RESUME rig/r');
  });

  it('for the town, which a person paused', async () => {
    await using w = await world({ beads: [] });
    await w.tell('breaker/town', { type: 'PAUSE', reason: 'a demo' });
    await w.create('a');
    const [condition] = why(w, 'bead', 'a').conditions;
    expect(condition).toMatchObject({ holds: false, inputs: { state: 'paused.byOperator', reason: 'a demo' } });
  });

  it('for its dependencies, each by its name and state', async () => {
    await using w = await world({ beads: ['a'] });
    await w.create({ id: 'b', title: 'b', dependsOn: ['a'] });
    expect(why(w, 'bead', 'b').conditions).toMatchObject([
      { condition: 'dependency a is closed', inputs: { dependency: 'a', state: 'in_progress.starting' } },
    ]);
  });

  it('for its retry, with the instant at which it comes', async () => {
    await using w = await world({ beads: [] });
    w.container.onStart = async () => ({ kind: 'refused', reason: 'no slot', permanent: false });
    await w.create('a');
    const timer = why(w, 'bead', 'a').conditions.find(({ inputs }) => inputs.timer === 'backoff');
    expect(timer?.nextAt).toBe(w.env.clock.now() + 30 * SECOND);
  });

  it('for a person, and what that person may do', async () => {
    await using w = await world({ beads: [] });
    w.container.onStart = async () => ({ kind: 'refused', reason: 'no such program', permanent: true });
    await w.create('a', { id: 'held', title: 'held', held: true });
    expect(why(w, 'bead', 'a').answer).toContain('rig r can start agents, which it can not: no such program');
    expect(why(w, 'bead', 'a').answer).toContain('a person: mend that and RESUME rig/r, or configure the rig');
    expect(why(w, 'rig', 'r').answer).toContain('no such program');
    expect(why(w, 'bead', 'held').answer).toContain('RELEASE');
    expect(why(w, 'agent', 'p1').answer).toContain('no such program');
    await w.tell('bead/a', { type: 'CANCEL' });
    expect(why(w, 'bead', 'a').answer).toContain('REOPEN');
  });

  it('for its run, and says so', async () => {
    await using w = await world();
    expect(why(w, 'bead', 'b1').answer).toContain('its run ends (agent p1)');
    await w.env.until(w.container.beat(w.latest()));
    await w.env.until(w.container.exit(w.latest(), 0));
    await w.settle();
    expect(why(w, 'bead', 'b1').answer).toContain('nothing is left to happen');
  });
});

describe('why an agent waits', () => {
  it('for a bead, when it is free and there is none', async () => {
    await using w = await world({ beads: [] });
    expect(why(w, 'agent', 'p1').answer).toContain('there is a bead for it');
    await w.tell('agent/p1', { type: 'PAUSE' });
    expect(why(w, 'agent', 'p1').answer).toContain('a person: RESUME');
  });
});

describe('why', () => {
  it('is refused for what is not there', async () => {
    await using w = await world();
    expect(() => why(w, 'bead', 'nobody')).toThrow('there is no bead/nobody');
  });

  it('answers for every entity in the midst of things', async () => {
    await using w = await world({ agentCount: 2, beads: ['a', 'b', 'c'] });
    w.container.onProbe = () => 'unknown';
    for (let step = 0; step < 8; step += 1) {
      for (const machine of ['bead', 'agent', 'container', 'breaker', 'rig', 'town', 'escalation'])
        for (const { id } of w.town.list(machine).items)
          expect(why(w, machine, id).answer).toContain(`${machine}/${id}`);
      await w.pass(MINUTE);
    }
  });
});
