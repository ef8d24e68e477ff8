/** Who may do what: access, logins, other sites, other hosts; and what every answer forbids browsers. */
import { expect, test } from 'vitest';
import { createSimulatedEnv } from '../../../src/env/simulated.ts';
import { createSessions } from '../../../src/inspector/http/session.ts';
import { BASE, inspectorWorld } from '../world.ts';

const HOUR_MS = 3_600_000;
const ORIGIN = 'http://localhost:4680';

test('by default everybody on this machine may look, and nobody may change anything', async () => {
  const world = await inspectorWorld({ access: undefined });
  const { engine, run, ask, post, get } = world;
  await run(engine.create('job', 'a', { name: 'Walls' }));
  await run(engine.send('job', 'a', { type: 'HOLD' }));
  expect(await get('overview')).toMatchObject({ access: 'read', needsYou: { items: [{ actions: [] }] } });
  expect(await get('entities/job/a')).toMatchObject({ access: 'read', actions: [] });
  expect((await post('entities/job/a/events', { event: 'GO' })).status).toBe(403);
  expect((await post('entities/job/a/preview', { event: 'GO' })).status).toBe(403);
  expect((await ask('/api/overview', { headers: { host: 'evil.example' } })).status).toBe(421);
});

test('pages of other sites change nothing', async () => {
  const { engine, run, post, ask } = await inspectorWorld();
  await run(engine.create('job', 'a', { name: 'Walls' }));
  const strange: readonly Record<string, string>[] = [
    { origin: 'http://evil.example' },
    { origin: 'http://localhost:9999' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site' },
  ];
  for (const headers of strange) {
    expect((await post('entities/job/a/events', { event: 'HOLD' }, headers)).status, JSON.stringify(headers)).toBe(403);
  }
  const form = await post('entities/job/a/events', { event: 'HOLD' }, { 'content-type': 'text/plain' });
  expect(form.status).toBe(415);
  const bare = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"event":"HOLD"}' };
  expect((await ask('/api/entities/job/a/events', bare)).status).toBe(403);
  expect((await ask('/api/overview', { method: 'DELETE' })).status).toBe(403);
  expect(engine.reads.lastSeq()).toBe(1);
});

test('every answer keeps browsers from what they might do', async () => {
  const { ask } = await inspectorWorld();
  for (const path of ['/', '/machines/job', '/api/overview', '/api/nothing']) {
    const { headers } = await ask(path);
    expect(headers.get('content-security-policy'), path).toMatch(/default-src 'self';.*frame-ancestors 'none'/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  }
  expect((await ask('')).headers.get('location')).toBe(`${BASE}/`);
  expect((await ask('/assets/..%2fserver.js')).status).toBe(404);
  expect((await ask('/assets/nothing.js')).status).toBe(404);
});

test('a link opens a session; both end by themselves, and with the secret', async () => {
  const env = createSimulatedEnv({ seed: 2 });
  const { clock } = env;
  const sessions = createSessions({ secret: 's'.repeat(43), clock });
  const place = (port = 4680) => ({ request: new Request(`http://localhost:${port}${BASE}/login`), base: BASE });
  const cookieOf = (given: string | null) => (given ?? '').split(';')[0] ?? '';
  const bearing = (cookie: string, port = 4680) =>
    new Request(`http://localhost:${port}${BASE}/`, { headers: { cookie: `x=1; ${cookie}` } });
  const token = sessions.linkToken();
  const header = sessions.open(token, place());
  expect(header).toMatch(/^yardmaster_4680=\S+; Path=\/deep\/inspector; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  const cookie = cookieOf(header);
  expect(sessions.isOpen(bearing(cookie))).toBe(true);
  expect(sessions.isOpen(bearing(cookie, 4681))).toBe(false);
  expect(sessions.isOpen(bearing(cookie.replace('yardmaster_4680', 'yardmaster_4681'), 4680))).toBe(false);
  expect(sessions.isOpen(bearing(`yardmaster_4680=${token}`))).toBe(false);
  expect(sessions.isOpen(bearing(cookie.slice(0, -1)))).toBe(false);
  expect(createSessions({ secret: 's'.repeat(43), clock }).isOpen(bearing(cookie))).toBe(true);
  expect(createSessions({ secret: 't'.repeat(43), clock }).isOpen(bearing(cookie))).toBe(false);
  expect(sessions.open(cookie.split('=')[1] ?? '', place())).toBeNull();
  expect(sessions.open('', place())).toBeNull();
  await env.pass(12 * HOUR_MS);
  expect(sessions.isOpen(bearing(cookie))).toBe(false);
  expect(sessions.open(token, place())).not.toBeNull();
  await env.pass(12 * HOUR_MS);
  expect(sessions.open(token, place())).toBeNull();
});

test('who has no access is told how to come in, and comes in by the link', async () => {
  const { clock } = createSimulatedEnv({ seed: 2 });
  const sessions = createSessions({ secret: 's'.repeat(43), clock });
  const access = (request: Request) => (sessions.isOpen(request) ? ('operate' as const) : ('none' as const));
  const { ask } = await inspectorWorld({ access, sessions });
  const page = await ask('/');
  expect([page.status, await page.text()]).toEqual([401, expect.stringContaining('yardmaster inspect')]);
  expect((await ask('/api/overview')).status).toBe(401);
  expect((await ask('/api/stream')).status).toBe(401);
  expect((await ask('/login?key=wrong')).status).toBe(401);
  const login = await ask(`/login?key=${sessions.linkToken()}`);
  expect([login.status, login.headers.get('location')]).toEqual([303, `${BASE}/`]);
  const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  expect((await ask('/api/overview', { headers: { cookie } })).status).toBe(200);
  const foreign = await ask(`/login?key=${sessions.linkToken()}`, { headers: { 'sec-fetch-site': 'cross-site' } });
  expect([foreign.status, await foreign.text()]).toEqual([200, expect.stringContaining(`0;url=${BASE}/`)]);
  expect((await ask('/api/overview', { headers: { cookie, origin: ORIGIN } })).status).toBe(200);
});
