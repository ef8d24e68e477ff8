/** Beads over HTTP: creation, lists, what a person tells one, and idempotency. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, type Harness, harness, type Json } from './harness.ts';

let api: Harness;
afterEach(() => api[Symbol.asyncDispose]());

const items = ({ body }: Answer) => body.items as Json[];
const ids = (answer: Answer) => items(answer).map(({ id }) => id);

describe('beads over HTTP', () => {
  it('creates a bead and shows it with its text and its attempts', async () => {
    api = await harness({ beads: [], agentCount: 0 });
    const made = await api.post('/beads', { id: 'gt-1', title: 'Fix it', body: 'All of it.', labels: ['now'] });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe('/api/v1/beads/gt-1');
    const at = api.world.env.clock.now();
    expect(made.body).toEqual({ seq: expect.any(Number), entity: 'bead/gt-1', at, state: 'open.ready' });
    const shown = await api.get('/beads/gt-1');
    expect(shown.status).toBe(200);
    expect(shown.body).toMatchObject({
      ...{ ref: 'bead/gt-1', state: 'open', substate: 'open.ready', brief: 'All of it.', attempts: [] },
      context: { title: 'Fix it', labels: ['now'] },
    });
  });

  it('creates many beads together or not at all', async () => {
    api = await harness({ beads: [], agentCount: 0 });
    const made = await api.post('/beads', [
      { id: 'a', title: 'first' },
      { id: 'b', title: 'second', dependsOn: ['a'] },
    ]);
    expect(made.status).toBe(201);
    expect(items(made).map(({ entity, state }) => [entity, state])).toEqual([
      ['bead/a', 'open.ready'],
      ['bead/b', 'open.blockedDeps'],
    ]);
    const twin = await api.post('/beads', [
      { id: 'c', title: 'new' },
      { id: 'a', title: 'there already' },
    ]);
    expect(twin.status).toBe(409);
    expect(twin.body.code).toBe('already_exists');
    expect((await api.get('/beads/c')).status).toBe(404);
  });

  it('refuses a circle and an unknown dependency, naming them', async () => {
    api = await harness({ beads: [], agentCount: 0 });
    const circle = await api.post('/beads', [
      { id: 'a', title: 'a', dependsOn: ['b'] },
      { id: 'b', title: 'b', dependsOn: ['a'] },
    ]);
    expect(circle.status).toBe(422);
    expect(circle.body).toMatchObject({ code: 'invalid', detail: expect.stringContaining('circle') });
    expect(new Set(circle.body.cycle as string[])).toEqual(new Set(['a', 'b']));
    const unknown = await api.post('/beads', { id: 'a', title: 'a', dependsOn: ['ghost'] });
    expect(unknown.status).toBe(422);
    expect(unknown.body).toMatchObject({ code: 'invalid', bead: 'a', dependency: 'ghost' });
    expect(items(await api.get('/beads'))).toEqual([]);
  });

  it('lists by state, label and page, with the address of the next page', async () => {
    api = await harness({ beads: [], agentCount: 0 });
    const beads = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, title: id, labels: id < 'c' ? ['early'] : [] }));
    await api.post('/beads', beads);
    await api.post('/beads/b/hold', { reason: 'not yet' });
    expect(ids(await api.get('/beads?label=early'))).toEqual(['a', 'b']);
    expect(ids(await api.get('/beads?state=open.held'))).toEqual(['b']);
    expect(ids(await api.get('/beads?state=failed'))).toEqual([]);
    const unknown = await api.get('/beads?state=nonsense');
    expect(unknown).toMatchObject({ status: 422, body: { code: 'invalid', states: expect.arrayContaining(['open']) } });
    expect(unknown.body.detail).toContain('a bead has no state "nonsense"; it can be in: open, open.ready');
    expect(ids(await api.get('/beads?rig=elsewhere'))).toEqual([]);

    const seen: unknown[] = [];
    for (let path: string | undefined = '/beads?limit=2'; path; ) {
      const page = await api.get(path);
      seen.push(...ids(page));
      path = /<\/api\/v1([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
      expect(page.body.next === null).toBe(path === undefined);
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('holds, releases, cancels and retries, each by an event that the log shows', async () => {
    api = await harness({ beads: ['b1'], agentCount: 0 });
    expect((await api.post('/beads/b1/hold', { reason: 'wait' })).body.state).toBe('open.held');
    expect((await api.post('/beads/b1/release')).body.state).toBe('open.ready');
    expect((await api.post('/beads/b1/cancel', { reason: 'not wanted' })).body.state).toBe('failed.cancelled');
    expect((await api.post('/beads/b1/retry')).body.state).toBe('open.ready');
    expect((await api.post('/beads/b1/retry')).body.state).toBe('open.ready');
    expect((await api.post('/beads/b1/reset')).status).toBe(200);
    const history = await api.get('/entities/bead/b1/history');
    expect(items(history).map(({ event }) => (event as Json).type)).toEqual([
      ...['xstate.init', 'HOLD', 'RELEASE', 'CANCEL', 'REOPEN', 'RESET', 'RESET'],
    ]);
    expect(items(history)[1]).toMatchObject({ entity: 'bead/b1', by: 'operator', event: { reason: 'wait' } });
  });

  it('answers 409 with the events that are accepted when the state takes none such', async () => {
    api = await harness({ beads: ['b1'], agentCount: 0 });
    const answer = await api.post('/beads/b1/release');
    expect(answer.status).toBe(409);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({
      ...{ type: 'urn:yardmaster:not_accepted', title: expect.any(String), status: 409, code: 'not_accepted' },
      ...{ instance: '/api/v1/beads/b1/release', entity: 'bead/b1', state: 'open.ready' },
      accepts: expect.arrayContaining(['CANCEL', 'HOLD', 'RESET']),
    });
  });
});

describe('idempotency keys', () => {
  it('repeat the first answer and change nothing', async () => {
    api = await harness({ beads: [], agentCount: 0 });
    const headers = { 'idempotency-key': 'key-1' };
    const first = await api.post('/beads', { title: 'once' }, { headers });
    const again = await api.post('/beads', { title: 'once' }, { headers });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(items(await api.get('/beads'))).toHaveLength(1);
  });

  it('hold for events, rigs, agents and retries too', async () => {
    api = await harness({ beads: ['b1'], agentCount: 0 });
    const rig = { path: '/srv/project', argv: ['agent', '{prompt}'] };
    const calls = [
      ['POST', '/beads/b1/cancel', { reason: 'no' }],
      ['POST', '/beads/b1/retry', {}],
      ['PUT', '/rigs/second', rig],
      ['PATCH', '/policy', { workingMax: 9 }],
      ['POST', '/agents', { id: 'p9', rig: 'second' }],
      ['POST', '/entities/bead/b1/events', { type: 'HOLD' }],
    ] as const;
    for (const [method, path, body] of calls) {
      const call = { body, headers: { 'idempotency-key': `${method} ${path}`.replaceAll(' ', '-') } };
      const first = await api.ask(method, path, call);
      const again = await api.ask(method, path, call);
      expect([path, again.status, again.body]).toEqual([path, first.status, first.body]);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
    }
  });

  it('refuse another body, another path, and what is no key', async () => {
    api = await harness({ beads: ['b1', 'b2'], agentCount: 0 });
    const headers = { 'idempotency-key': 'key-1' };
    await api.post('/beads/b1/hold', {}, { headers });
    const body = await api.post('/beads/b1/hold', { reason: 'else' }, { headers });
    const path = await api.post('/beads/b2/hold', {}, { headers });
    expect([body.status, body.body.code, path.status]).toEqual([422, 'idempotency_mismatch', 422]);
    const bad = await api.post('/beads/b1/hold', {}, { headers: { 'idempotency-key': 'k'.repeat(201) } });
    expect(bad.status).toBe(422);
  });
});
