/** What is not a request of this API: each kind of bad input with its status, its code and a sentence that helps. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Harness, HOST, harness, type Json } from './harness.ts';

let api: Harness;
beforeEach(async () => {
  api = await harness({ beads: ['b1'], agentCount: 0 });
});
afterEach(() => api[Symbol.asyncDispose]());

const problem = async (method: string, path: string, call: Parameters<Harness['ask']>[2]) => {
  const { status, body } = await api.ask(method, path, call);
  return { status, code: body.code, detail: body.detail as string, errors: body.errors as Json[] | undefined };
};

describe('a body', () => {
  it('that is not JSON is answered 400', async () => {
    for (const text of ['{', 'title', '{"title":}', '\u0000', ' ']) {
      expect(await problem('POST', '/beads', { text })).toMatchObject({ status: 400, code: 'malformed' });
    }
  });

  it('that is empty counts as an empty object', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await api.ask('POST', '/beads/b1/hold', { headers })).status).toBe(200);
    expect(
      (await api.ask('POST', '/beads/b1/release', { headers: { ...headers, 'content-length': '0' } })).status,
    ).toBe(200);
  });

  it('of more than 1 MiB is answered 413, with and without a declared length', async () => {
    const body = { title: 'x', body: 'x'.repeat(1024 * 1024) };
    const text = JSON.stringify(body);
    const headers = { 'content-length': String(text.length) };
    expect(await problem('POST', '/beads', { text })).toMatchObject({ status: 413, code: 'too_large' });
    expect(await problem('POST', '/beads', { text, headers })).toMatchObject({ status: 413, code: 'too_large' });
  });

  it('that is too deep or reaches into prototypes is refused before any schema sees it', async () => {
    const deep = (levels: number) => `{"type":"HOLD","x":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect((await problem('POST', '/entities/bead/b1/events', { text: deep(20) })).status).toBe(200);
    expect(await problem('POST', '/entities/bead/b1/events', { text: deep(40) })).toMatchObject({
      status: 422,
      code: 'invalid',
    });
    expect((await problem('POST', '/entities/bead/b1/events', { text: deep(200_000) })).status).toBe(422);
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const text = `{"type":"HOLD","x":[{"${key}":{"admin":true}}]}`;
      const refused = await problem('POST', '/entities/bead/b1/events', { text });
      expect([refused.status, refused.detail]).toEqual([422, expect.stringContaining(key)]);
    }
  });

  it('must say that it is JSON, whatever the route', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
    ];
    for (const type of types) {
      const call = { text: '{}', headers: { 'content-type': type } };
      expect(await problem('POST', '/town/pause', call)).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    }
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
    expect((await problem('POST', '/town/pause', { text: '{}', headers })).status).toBe(200);
  });

  it('may be missing where every field is optional', async () => {
    expect((await problem('POST', '/town/pause', {})).status).toBe(200);
    expect((await problem('POST', '/town/resume', {})).status).toBe(200);
    const missing = await problem('POST', '/agents', {});
    expect([missing.status, missing.errors?.map(({ path }) => path)]).toEqual([422, ['body.id', 'body.rig']]);
    const headers = { 'transfer-encoding': 'chunked' };
    expect((await problem('POST', '/town/pause', { headers })).status).toBe(415);
  });

  it('with a wrong number is told what was given and what is allowed', async () => {
    const refused = await problem('POST', '/beads', { body: { title: 'one', priority: 9 } });
    expect(refused.detail).toBe('body.priority is 9, above 4: take at most 4');
    const query = await problem('GET', '/beads?limit=9999', {});
    expect(query.detail).toBe('query.limit is 9999, above 500: take at most 500');
    const setting = await problem('PATCH', '/policy', { body: { attemptsMax: 99, leaseMs: 'soon' } });
    expect(setting.errors).toEqual([
      {
        path: 'body.leaseMs',
        message: 'is no duration: write milliseconds, or a number with its unit, such as 90s, 5m or 2h',
      },
      { path: 'body.attemptsMax', message: 'is 99, above 10: take at most 10' },
    ]);
  });

  it('with a wrong or unknown key is answered 422 with the place of each', async () => {
    const body = [{ title: 'good' }, { title: '', priority: 9, colour: 'red' }];
    const refused = await problem('POST', '/beads', { body });
    expect(refused).toMatchObject({ status: 422, code: 'invalid' });
    expect(refused.errors?.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['body[1].title', 'body[1].priority', 'body[1].colour']),
    );
    const single = await problem('POST', '/beads', { body: { titel: 'typo' } });
    expect(single.errors?.map(({ path }) => path)).toEqual(['body.title', 'body.titel']);
    expect((await problem('POST', '/beads', { body: [] })).status).toBe(422);
    const many = Array.from({ length: 1_001 }, () => ({ title: 'x' }));
    expect((await problem('POST', '/beads', { body: many })).status).toBe(422);
  });
});

describe('an address', () => {
  it('of no route or no entity is answered 404', async () => {
    expect(await problem('GET', '/nothing', {})).toMatchObject({ status: 404, code: 'not_found' });
    expect(await problem('GET', '/beads/ghost', {})).toMatchObject({ status: 404, code: 'unknown_entity' });
    expect(await problem('POST', '/beads/ghost/retry', { body: {} })).toMatchObject({
      status: 404,
      code: 'unknown_entity',
    });
    expect(await problem('POST', '/agents/ghost/stop', { body: {} })).toMatchObject({ status: 404 });
    expect(await problem('GET', '/why/ghost', {})).toMatchObject({ status: 404 });
    expect((await problem('POST', '/agents', { body: { id: 'p1', rig: 'ghost' } })).status).toBe(404);
    expect(await problem('POST', '/escalations/ghost/resolve', { body: {} })).toMatchObject({ status: 404 });
  });

  it('with a wrong or unknown parameter is answered 422', async () => {
    for (const query of ['limit=0', 'limit=501', 'limit=x', 'limit=1&limit=2', 'colour=red', 'after=nonsense']) {
      expect([query, (await problem('GET', `/beads?${query}`, {})).status]).toEqual([query, 422]);
    }
    expect((await problem('GET', '/log?entity=b1', {})).detail).toContain('machine/id');
    expect((await problem('GET', '/entities/nothing/b1', {})).status).toBe(422);
    expect((await problem('GET', '/entities/bead/b1/state', {})).status).toBe(422);
  });
});

describe('an event', () => {
  it('that no chart knows is refused with those that it accepts', async () => {
    const answer = await api.post('/entities/bead/b1/events', { type: 'EXPLODE' });
    expect([answer.status, answer.body.code]).toEqual([409, 'not_accepted']);
    expect(answer.body.accepts).toContain('HOLD');
  });

  it("of the engine's own is refused", async () => {
    for (const type of ['xstate.init', 'effect.merge.succeeded', '*']) {
      expect((await problem('POST', '/entities/bead/b1/events', { body: { type } })).code).toBe('reserved_event');
    }
  });
});

describe('a caller from elsewhere', () => {
  it('is refused by the host that it meant', async () => {
    const hosts = [
      'evil.test',
      'localhost.evil.test',
      'localhost:4681',
      'localhost.:4680',
      'localhost',
      '',
      '127.0.0.1',
    ];
    for (const host of hosts) {
      for (const path of ['/town', '/healthz', '/stream']) {
        expect([host, (await problem('GET', path, { headers: { host } })).status]).toEqual([host, 421]);
      }
    }
    expect((await problem('GET', '/town', { headers: { host: 'LOCALHOST:4680' } })).status).toBe(200);
  });

  it('is refused when the address and the Host header differ', async () => {
    const request = new Request('http://evil.test/api/v1/healthz', { headers: { host: HOST } });
    expect((await api.app.request(request)).status).toBe(421);
  });

  it('is refused by its origin, and nothing is ever shared across origins', async () => {
    const origins = [
      'null',
      'https://evil.test',
      'http://localhost',
      'http://localhost:4681',
      `https://${HOST}`,
      `http://x.${HOST}`,
    ];
    for (const origin of origins) {
      const read = await api.get('/town', { headers: { origin } });
      const write = await api.post('/town/pause', {}, { headers: { origin } });
      expect([origin, read.status, write.status]).toEqual([origin, 403, 403]);
      expect(read.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect((await problem('GET', '/town', { headers: { origin: `http://${HOST}` } })).status).toBe(200);
    for (const site of ['cross-site', 'same-site']) {
      expect((await problem('GET', '/town', { headers: { 'sec-fetch-site': site } })).status).toBe(403);
    }
    const preflight = await api.ask('OPTIONS', '/beads', { token: null, headers: { origin: 'https://evil.test' } });
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([403, null]);
  });
});

describe('an answer', () => {
  it('is never kept, framed or guessed at', async () => {
    const { headers } = await api.get('/town');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });

  it('to what nobody foresaw shows an id only, and the log has the story', async () => {
    api.world.town.brief = () => {
      throw new TypeError('secret place /srv/town.db');
    };
    const answer = await api.get('/beads/b1');
    expect([answer.status, answer.body.code]).toEqual([500, 'internal']);
    expect(answer.text).not.toMatch(/secret|srv|TypeError| at /);
    const story = api.world.env.logged.find(({ fields }) => fields.id === answer.body.id);
    expect(story?.fields.error).toContain('secret place');
  });

  it('masks every secret that it would repeat', async () => {
    api.world.town.mask = (text) => text.replaceAll('hunter2-hunter2', '[masked]');
    const answer = await api.get('/beads/hunter2-hunter2');
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('hunter2');
    expect(answer.text).toContain('[masked]');
  });
});
