/** The real receivers of XState's inspectors watch a town over WebSockets. */
import { createRequire } from 'node:module';
import { createWebSocketReceiver as statelyaiReceiver } from '@statelyai/inspect';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Heard, type ServedTown, servedTown } from './served.ts';

// It stands where its XState 4 is, beside the package.
const besideXstate4 = createRequire(new URL('../../src/xstate-inspect/index.ts', import.meta.url));
const { createWebSocketReceiver: xstate4Receiver } = besideXstate4('@xstate/inspect') as {
  createWebSocketReceiver(options: { server: string; serialize: undefined }): {
    subscribe(observer: (event: unknown) => void): unknown;
    send(event: object): void;
  };
};

let world: ServedTown;
beforeEach(async () => {
  world = await servedTown();
  // Node 20 has no WebSocket of its own, which the receiver of @xstate/inspect asks for.
  vi.stubGlobal('WebSocket', WebSocket);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await world[Symbol.asyncDispose]();
});

type Told = {
  type: string;
  sessionId: string;
  id?: string;
  machine?: { stateIds: string[]; transition(state: unknown, event: string): { value: unknown } };
  state?: { value: unknown; context: Record<string, unknown>; matches(value: string): boolean };
  event?: { name: string };
};

function watch4(query = ''): { heard: Heard<Told>; send(event: object): void } {
  const heard = new Heard<Told>();
  const receiver = xstate4Receiver({ server: world.address('xstate-inspect', query), serialize: undefined });
  receiver.subscribe((event) => heard.take(event as Told));
  return { heard, send: (event) => receiver.send(event) };
}

type Message = {
  type: string;
  sessionId: string;
  parentId?: string;
  definition?: string;
  event?: { type: string };
  snapshot?: { value: unknown; status: string; context: Record<string, unknown> };
};

describe('a receiver of @xstate/inspect', () => {
  it('sees each service registered, its transitions in order, and its stop', async () => {
    await world.town.createBeads([{ id: 'b1', title: 'seen', held: true }]);
    const { heard } = watch4('&machine=bead');
    await heard.until(({ type, sessionId }) => type === 'service.register' && sessionId === 'bead/b1');
    const first = heard.all[0];
    expect(first?.state?.value).toEqual({ open: 'held' });
    expect(first?.state?.context).toMatchObject({ id: 'b1' });
    expect(first?.machine?.stateIds).toContain('bead.in_progress.inReview.merging');
    expect(first?.machine?.transition({ open: 'held' }, 'CANCEL').value).toEqual({ failed: 'cancelled' });

    await world.town.createBeads([{ id: 'b2', title: 'seen later', held: true }]);
    await world.town.send({ machine: 'bead', id: 'b1' }, { type: 'CANCEL' });
    await world.town.send({ machine: 'bead', id: 'b1' }, { type: 'REOPEN' });
    await heard.until(({ state }) => state?.matches('open') === true && heard.all.length > 5);
    const ofFirst = heard.all.filter(({ sessionId, type }) => sessionId === 'bead/b1' && type !== 'service.register');
    const steps = ofFirst.filter(({ type }) => type === 'service.state').map(({ state }) => state?.value);
    expect(steps.slice(0, 2)).toEqual([{ failed: 'cancelled' }, { open: 'held' }]);
    expect(ofFirst.filter(({ type }) => type === 'service.event').map(({ event }) => event?.name)).toEqual(
      expect.arrayContaining(['CANCEL', 'REOPEN']),
    );
    expect(heard.all.some(({ type, sessionId }) => type === 'service.register' && sessionId === 'bead/b2')).toBe(true);
    expect(heard.all.every(({ sessionId }) => sessionId.startsWith('bead/'))).toBe(true);
  });

  it('changes nothing, unless the address asks for commands', async () => {
    await world.town.createBeads([{ id: 'b1', title: 'held', held: true }]);
    const release = { type: 'xstate.event', service: 'bead/b1', event: JSON.stringify({ data: { type: 'CANCEL' } }) };
    const looking = watch4('&entity=bead/b1');
    await looking.heard.until(({ type }) => type === 'service.register');
    looking.send(release);
    const acting = watch4('&entity=bead/b1&commands=1');
    await acting.heard.until(({ type }) => type === 'service.register');
    expect(world.town.get({ machine: 'bead', id: 'b1' })?.substate).toBe('open.held');
    acting.send(release);
    await acting.heard.until(({ state }) => state?.matches('failed') === true);
    const [row] = world.town.log({ entity: { machine: 'bead', id: 'b1' } }, { order: 'desc', limit: 1 });
    expect(row).toMatchObject({ by: 'operator:xstate-inspect', after: 'failed.cancelled' });
  });
});

describe('a receiver of @statelyai/inspect', () => {
  it('sees actors with their definitions, events and snapshots in order', async () => {
    await world.town.createBeads([{ id: 'b1', title: 'seen', held: true }]);
    const heard = new Heard<Message>();
    const server = `ws://${world.address('statelyai')}`;
    statelyaiReceiver({ server }).subscribe((event) => heard.take(event as unknown as Message));
    await heard.until(({ type, sessionId }) => type === '@xstate.actor' && sessionId === 'bead/b1');
    const actor = heard.all.find(({ sessionId }) => sessionId === 'bead/b1');
    expect(actor?.parentId).toBe(heard.all[0]?.sessionId);
    expect(JSON.parse(actor?.definition ?? '{}')).toMatchObject({ id: 'bead', initial: 'open' });
    expect(actor?.snapshot).toMatchObject({ status: 'active', value: { open: 'held' }, context: { id: 'b1' } });
    expect(heard.all.some(({ sessionId }) => sessionId === 'agent/p1')).toBe(true);

    await world.town.send({ machine: 'bead', id: 'b1' }, { type: 'CANCEL' });
    await heard.until(({ type, snapshot }) => type === '@xstate.snapshot' && snapshot?.status === 'active');
    const told = heard.all.filter(({ sessionId }) => sessionId === 'bead/b1').slice(1);
    expect(told.map(({ type, event }) => [type, event?.type]).slice(0, 2)).toEqual([
      ['@xstate.event', 'CANCEL'],
      ['@xstate.snapshot', 'CANCEL'],
    ]);
    expect(told[1]?.snapshot?.value).toEqual({ failed: 'cancelled' });
  });
});

/** The status of a refused upgrade, or `open`. */
function knock(path: string, headers: Record<string, string> = {}): Promise<number | 'open'> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${new URL(world.served.url).host}${path}`, { headers });
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.on('open', () => {
      socket.close();
      resolve('open');
    });
    socket.on('error', reject);
  });
}

describe('the door', () => {
  it('lets in who has the token, from here, and only for what is there', async () => {
    const token = new URL(`ws://${world.address('statelyai')}`).searchParams.get('token') ?? '';
    const authorization = `Bearer ${token}`;
    const path = '/inspector/statelyai';
    expect(await knock(path)).toBe(401);
    expect(await knock(`${path}?token=wrong`)).toBe(401);
    expect(await knock(path, { authorization })).toBe('open');
    expect(await knock('/inspector/elsewhere', { authorization })).toBe(404);
    expect(await knock(`${path}?machine=nothing`, { authorization })).toBe(400);
    expect(await knock(path, { authorization, host: 'town.example' })).toBe(421);
    expect(await knock(path, { authorization, origin: 'https://stranger.example' })).toBe(403);
    expect(await knock(path, { authorization, origin: 'http://localhost:3000' })).toBe(403);
    expect(await knock(`${path}?token=${token}`, { origin: 'http://localhost:3000' })).toBe('open');
    expect(await knock(`${path}?token=${token}`, { origin: 'https://stranger.example' })).toBe(403);
  });

  it('is closed with the town: viewers are told', async () => {
    const socket = new WebSocket(`ws://${world.address('statelyai')}`);
    const closed = new Heard<number>();
    socket.on('close', closed.take);
    const opened = new Heard<string>();
    socket.on('message', (data) => opened.take(String(data)));
    await opened.until(() => true);
    await world.served.close();
    await closed.until((code) => code === 1001);
  });
});
