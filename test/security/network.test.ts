/** The street: where the town listens, by which name it answers, and what it bears of slow and rude clients. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSystemEnv } from '../../src/env/system.ts';
import { type Served, serveTown } from '../../src/http/serve.ts';
import { openMemory } from '../../src/store/memory.ts';
import type { Town } from '../../src/town/api.ts';
import { createTown } from '../../src/town/town.ts';
import { folder } from '../http/folder.ts';
import { OPERATOR, VERSION } from '../http/harness.ts';
import { RIG, ScriptedContainer, ScriptedIntegrator } from '../town/world.ts';

const SLOW_MS = 30_000;
const env = createSystemEnv({ log: () => undefined });
const place = folder();
let town: Town;
let served: Served;

beforeEach(async () => {
  const hands = { container: new ScriptedContainer(), integrator: new ScriptedIntegrator() };
  const rigs = { rigs: { r: RIG }, agents: [{ id: 'p1', rig: 'r' }] };
  town = await createTown({ directory: place.make(), env, store: openMemory({ env }), ...hands, ...rigs });
  served = await serveTown(town, { operatorToken: OPERATOR, env, version: VERSION, port: 0 });
});
afterEach(async () => {
  await served.close();
  await town[Symbol.asyncDispose]();
  place.clear();
});

const port = () => Number(new URL(served.url).port);

/** What came back until the other side closed; the socket stays open on this side. */
async function send(text: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: port() });
  let heard = '';
  socket.on('data', (part) => {
    heard += part;
  });
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return heard;
}

/** Every route of the document, with parameters filled in. */
async function routes(): Promise<readonly { readonly method: string; readonly path: string }[]> {
  const answer = await fetch(`${served.url}/api/v1/openapi.json`);
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, unknown>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path: path.replace(/\{\w+\}/g, '1') })),
  );
}

describe('the street', () => {
  it('SEC1 no address but the loopback is listened on', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others) {
      const socket = connect({ host: address, port: port() });
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      expect([address, error.code]).toEqual([address, 'ECONNREFUSED']);
    }
    expect(new URL(served.url).hostname).toBe('127.0.0.1');
  });

  it('SEC2 every route, and what is none, is refused to a name that is not ours', async () => {
    const all = [...(await routes()), { method: 'GET', path: '/nowhere' }, { method: 'GET', path: '/../..' }];
    expect(all.length).toBeGreaterThan(40);
    const names = ['evil.test', 'localhost.evil.test', `localhost.:${port()}`, `127.0.0.1.evil.test:${port()}`, ''];
    for (const [index, { method, path }] of all.entries()) {
      const host = names[index % names.length];
      const heard = await send(`${method} /api/v1${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect([method, path, host, heard.slice(9, 12)]).toEqual([method, path, host, expect.stringMatching(/421|400/)]);
    }
  });

  it('SEC2 a request without a host is refused, by HTTP/1.0 too', async () => {
    expect(await send('GET /api/v1/town HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
    expect(await send('GET /api/v1/healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 4(00|21)/);
  });

  it('SEC4 no cookie is given, and none opens anything', async () => {
    const headers = { cookie: `token=${OPERATOR}; authorization=${OPERATOR}` };
    expect((await fetch(`${served.url}/api/v1/town`, { headers })).status).toBe(401);
    const answer = await fetch(`${served.url}/api/v1/town`, { headers: { authorization: `Bearer ${OPERATOR}` } });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null]);
  });

  it('SEC9 a header that is too long, and one that never ends, are not borne', { timeout: SLOW_MS }, async () => {
    const host = `Host: 127.0.0.1:${port()}\r\n`;
    expect(await send(`GET /api/v1/healthz HTTP/1.1\r\n${host}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431/,
    );
    const begun = performance.now();
    const heard = await send(`POST /api/v1/beads HTTP/1.1\r\n${host}X-Slow: `);
    expect(heard).toMatch(/^HTTP\/1\.1 408|^$/);
    expect(performance.now() - begun).toBeLessThan(20_000);
  });
});
