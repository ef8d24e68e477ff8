/** What people say to runs: on its way, taken, lost and handed on; and the conversation that a person takes over. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decided, type Harness, harness, type Json, OPERATOR } from './harness.ts';

let api: Harness;
const MINUTE = 60_000;

beforeEach(async () => {
  api = await harness({ beads: [], agentCount: 1, policy: { backoffMs: [1_000], recycleMs: 10 } });
  await api.post('/beads', { id: 'b1', title: 'One' });
  await api.world.settle();
  await decided(api.world, api.world.container.beat(api.world.latest()));
  await api.world.settle();
});
afterEach(() => api[Symbol.asyncDispose]());

const say = (text: string, key?: string) =>
  api.post('/agents/p1/messages', { text }, key === undefined ? {} : { headers: { 'idempotency-key': key } });
const listed = async () => (await api.get('/agents/p1/messages')).body.items as Json[];
const mine = () => ({ token: api.world.latest().api?.token ?? '' });
const taken = (id: string, epoch = 1) => api.post('/agents/p1/events', { type: 'message_taken', epoch, id }, mine());
const idOf = ({ body }: { body: Json }) => (body.message as { id: string }).id;
const beat = () => decided(api.world, api.world.container.beat(api.world.latest()));
const inbox = (query = '') => api.get(`/agents/p1/inbox${query}`, mine());

/** An inbox that is asked and has not answered yet. */
function waiting(query: string) {
  const seen: { answer: Json | null } = { answer: null };
  void inboxLater(query).then((answer) => {
    seen.answer = answer;
  });
  return seen;
}

async function inboxLater(query: string): Promise<Json> {
  const url = `http://localhost:4680/api/v1/agents/p1/inbox${query}`;
  const headers = { host: 'localhost:4680', authorization: `Bearer ${mine().token}` };
  return (await api.app.request(new Request(url, { headers }))).json() as Promise<Json>;
}

describe('a message', () => {
  it('waits, is fetched by the run that it is for, and is delivered when that took it', async () => {
    const said = await say('use tabs');
    expect(said).toMatchObject({
      status: 201,
      body: { message: { text: 'use tabs', by: 'operator', state: 'waiting' } },
    });
    expect((await inbox()).body).toMatchObject({ attended: false, messages: [{ id: idOf(said), text: 'use tabs' }] });
    expect((await taken(idOf(said))).status).toBe(200);
    expect(await listed()).toMatchObject([{ state: 'delivered', epoch: 1, bead: 'b1' }]);
    expect(api.world.agent().context.unheard).toEqual([]);
    expect((await taken(idOf(said))).body.code).toBe('not_accepted');
  });

  it('is told to a run that waits for it, at once', async () => {
    const run = waiting('?known=');
    await api.world.pass(10_000);
    expect(run.answer).toBeNull();
    const said = await say('now');
    await api.world.settle();
    expect(run.answer).toMatchObject({ messages: [{ text: 'now' }] });
    const again = waiting(`?known=${idOf(said)}`);
    await api.world.pass(10_000);
    expect(again.answer).toBeNull();
    await api.world.pass(16_000);
    expect(again.answer).toMatchObject({ attended: false });
  });

  it('is said once, however often it is sent', async () => {
    const first = await say('once', 'k1');
    const again = await say('once', 'k1');
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([idOf(again), (await listed()).length]).toEqual([idOf(first), 1]);
  });

  it('is read by a run that looks by itself, over its own call', async () => {
    await say('one');
    await say('two');
    const read = await api.post('/agents/p1/calls/inbox', {}, mine());
    expect(read.body).toMatchObject({ text: 'one\n\ntwo', answer: expect.stringContaining('A person says to you') });
    expect((await listed()).map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    expect((await api.post('/agents/p1/calls/inbox', {}, mine())).body.answer).toBe('Nobody has said anything new.');
  });

  it('is told again to a call that is made again, because its answer was lost', async () => {
    const read = async (key: string) => {
      const headers = { 'idempotency-key': key };
      return (await api.post('/agents/p1/calls/inbox', {}, { ...mine(), headers })).body.answer;
    };
    await say('one');
    const first = await read('c1');
    expect(first).toContain('one');
    await say('two');
    expect(await read('c1')).toMatch(/one\n\ntwo$/);
    expect(await read('c2')).toBe('Nobody has said anything new.');
  });

  it('that no run took is told to a person, and is the next run’s to hear', async () => {
    await say('mind the tests');
    await decided(api.world, api.world.container.exit(api.world.latest(), 1, 0));
    const { escalations } = api.world.town.status();
    expect(escalations).toMatchObject([{ subject: 'agent/p1', cause: 'undelivered' }]);
    expect(await listed()).toMatchObject([{ state: 'undelivered' }]);
    await api.world.pass(3_000);
    expect(api.world.latest()).toMatchObject({ epoch: 2, prompt: expect.stringContaining('    mind the tests') });
    expect(api.world.town.status().escalations).toEqual([]);
    await beat();
    expect((await inbox('?attended=true')).body.messages).toEqual([]);
    expect(await listed()).toMatchObject([{ state: 'handed over' }]);
  });

  it('is refused where nobody could hear it, and where too many wait', async () => {
    for (let count = 0; count < 20; count += 1) await say(`${count}`);
    expect((await say('one more')).body).toMatchObject({
      code: 'not_accepted',
      detail: expect.stringMatching(/as many/),
    });
    expect((await say('   ')).status).toBe(422);
    expect((await api.post('/agents/p1/messages', { text: 'me' }, mine())).body.code).toBe('forbidden');
    await api.post('/beads/b1/cancel');
    await decided(api.world, api.world.container.exit(api.world.latest(), 1, 0));
    expect((await say('anyone?')).body).toMatchObject({
      detail: expect.stringMatching(/takes no message: it is (idle|exited)/),
    });
    expect((await api.post('/agents/p9/messages', { text: 'x' })).body.code).toBe('unknown_entity');
  });
});

describe('a conversation that is taken over', () => {
  const state = () => api.world.agent().state;

  it('is known to the run, and is not judged for its progress as long as the person speaks now and then', async () => {
    const run = waiting('');
    await api.post('/agents/p1/take-over');
    await api.world.settle();
    expect(run.answer).toMatchObject({ attended: true });
    for (let count = 0; count < 12; count += 1) {
      for (let beats = 0; beats < 10; beats += 1) {
        await api.world.pass(MINUTE);
        await beat();
      }
      const said = await say('and now?');
      await taken(idOf(said));
    }
    expect(state()).toBe('working.running.attended');
    expect(api.world.town.status().working).toMatchObject([{ substate: 'working.running.attended' }]);
    const back = waiting('?attended=true');
    await api.post('/agents/p1/give-back');
    await api.world.settle();
    expect([state(), back.answer]).toMatchObject(['working.running.active', { attended: false }]);
  });

  it('is seen in the inspector, which offers what can be said and done', async () => {
    const page = async () => {
      const headers = { host: 'localhost:4680', authorization: `Bearer ${OPERATOR}` };
      const url = 'http://localhost:4680/inspector/api/entities/agent/p1';
      const answer = await decided(api.world, api.app.request(new Request(url, { headers })));
      return (await answer.json()) as { actions: { event: string }[]; facts: { label: string }[]; texts: Json[] };
    };
    const events = async () => (await page()).actions.map(({ event }) => event);
    expect(await events()).toEqual(expect.arrayContaining(['MESSAGE', 'TAKE_OVER']));
    expect(await events()).not.toContain('GIVE_BACK');
    await api.post('/agents/p1/take-over');
    await say('hello');
    expect(await events()).toContain('GIVE_BACK');
    const { facts, texts } = await page();
    expect(facts.map(({ label }) => label)).toEqual(expect.arrayContaining(['conversation', 'not heard yet']));
    expect(texts.at(-1)).toMatchObject({ label: 'Messages', text: 'operator to run 1 (waiting):\nhello\n' });
  });

  it('goes back to the agent when the person went away, and survives a doubt', async () => {
    await api.post('/agents/p1/take-over');
    await api.world.pass(100_000);
    expect(state()).toMatch(/^working\.suspect/);
    await beat();
    expect(state()).toBe('working.running.attended');
    for (let beats = 0; beats < 16; beats += 1) {
      await api.world.pass(MINUTE);
      await beat();
    }
    expect([state(), api.world.agent().context.attended]).toEqual(['working.running.active', false]);
  });

  it('ends with its run, and with the longest that a run may take', async () => {
    await api.post('/agents/p1/take-over');
    for (let beats = 0; beats < 4 * 60; beats += 1) {
      await api.world.pass(MINUTE);
      if (!state().startsWith('working.running')) break;
      await beat();
      if (beats % 10 === 0) await api.post('/agents/p1/take-over');
    }
    expect(state()).not.toMatch(/attended/);
    await api.world.pass(5 * MINUTE);
    expect(api.world.latest().epoch).toBeGreaterThan(1);
    await beat();
    expect([state(), api.world.agent().context.attended]).toEqual(['working.running.active', false]);
    expect((await api.post('/agents/p1/give-back')).body.code).toBe('not_accepted');
  });
});
