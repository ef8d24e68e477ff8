import { describe, expect, it } from 'vitest';
import { type World, world } from './world.ts';

async function done(w: World, bead: string): Promise<void> {
  const run = w.container.starts.findLast((spec) => spec.bead === bead);
  if (!run) throw new Error(`${bead} was not started`);
  await w.env.until(w.container.beat(run));
  await w.env.until(w.container.exit(run, 0));
  await w.pass(3_000);
}

const waiting = { id: 'last', title: 'last', dependsOn: ['first'] };

describe('a bead that depends on another', () => {
  it('waits until that is closed, not until it failed', async () => {
    await using w = await world({ beads: [], agentCount: 2 });
    await w.create('first', waiting);
    expect(w.bead('last').state).toBe('open.blockedDeps');
    await done(w, 'first');
    expect(w.bead('last').state).toBe('in_progress.starting');
  });

  it('waits for a person when it failed, who mends the cause', async () => {
    await using w = await world({ beads: [], agentCount: 2 });
    await w.create('first', waiting);
    await w.tell('bead/first', { type: 'CANCEL' });
    expect(w.bead('last').state).toBe('open.blockedFailedDependency');
    expect(w.state('escalation/bead/last:blocked')).toBe('raised');
    await w.tell('bead/first', { type: 'REOPEN' });
    expect(w.bead('last').state).toBe('open.blockedDeps');
    expect(w.state('escalation/bead/last:blocked')).toBe('resolved');
    await done(w, 'first');
    expect(w.bead('last').state).toBe('in_progress.starting');
  });

  it('goes on without it when a person waives it, for good', async () => {
    await using w = await world({ beads: [], agentCount: 3 });
    await w.create('first', 'second', { ...waiting, dependsOn: ['first', 'second'] });
    await w.tell('bead/first', { type: 'CANCEL' });
    await w.tell('bead/last', { type: 'RELEASE' });
    expect(w.bead('last').state).toBe('open.blockedDeps');
    await w.tell('bead/first', { type: 'REOPEN' });
    await w.tell('bead/first', { type: 'CANCEL' });
    expect(w.bead('last').state).toBe('open.blockedDeps');
    await done(w, 'second');
    expect(w.bead('last').state).toBe('in_progress.starting');
  });

  it('does not take one that rests and heals for failed', async () => {
    await using w = await world({ beads: [], policy: { attemptsMax: 1 } });
    w.container.onStart = async () => ({ kind: 'refused', reason: 'no slot', permanent: false });
    await w.create('first', waiting);
    expect(w.bead('first').state).toBe('failed.exhausted');
    expect(w.bead('last').state).toBe('open.blockedDeps');
  });

  it('knows of what happened to them while it was cancelled, when it is reopened', async () => {
    await using w = await world({ beads: [], agentCount: 3 });
    await w.create('first', 'second', { ...waiting, dependsOn: ['first', 'second'] });
    await w.tell('bead/last', { type: 'CANCEL' });
    await done(w, 'first');
    await w.tell('bead/second', { type: 'CANCEL' });
    await w.tell('bead/last', { type: 'REOPEN' });
    expect(w.bead('last')).toMatchObject({
      state: 'open.blockedFailedDependency',
      context: { waitingFor: ['second'], failedDependencies: ['second'] },
    });
  });

  it('knows of them while it is held', async () => {
    await using w = await world({ beads: [], agentCount: 2 });
    await w.create('first', { ...waiting, held: true });
    await done(w, 'first');
    expect(w.bead('last').state).toBe('open.held');
    await w.tell('bead/last', { type: 'RELEASE' });
    expect(w.bead('last').state).toBe('in_progress.starting');
  });

  it('that is born when they are over already begins as they are', async () => {
    await using w = await world({ beads: ['first', 'second'], agentCount: 2 });
    await done(w, 'first');
    await w.tell('bead/second', { type: 'CANCEL' });
    await w.create(waiting, { id: 'other', title: 'other', dependsOn: ['second'] });
    expect(w.bead('last').state).toBe('in_progress.starting');
    expect(w.bead('other').state).toBe('open.blockedFailedDependency');
  });
});
