/** The API on a real socket: addresses, limits of connections, streams, and the end. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSystemEnv } from '../../src/env/system.ts';
import { type Served, type ServeOptions, serveTown } from '../../src/http/serve.ts';
import { openMemory } from '../../src/store/memory.ts';
import type { Town } from '../../src/town/api.ts';
import { createTown } from '../../src/town/town.ts';
import { RIG, ScriptedContainer, ScriptedIntegrator } from '../town/world.ts';
import { folder } from './folder.ts';
import { OPERATOR, VERSION } from './harness.ts';

const env = createSystemEnv({ log: () => undefined });
const place = folder();
let town: Town;
let container: ScriptedContainer;
const open: Served[] = [];

beforeEach(async () => {
  container = new ScriptedContainer();
  town = await createTown({
    ...{ directory: place.make(), env, store: openMemory({ env }), container, integrator: new ScriptedIntegrator() },
    ...{ rigs: { r: RIG }, agents: [{ id: 'p1', rig: 'r' }] },
  });
});
afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
  await town[Symbol.asyncDispose]();
  place.clear();
});

async function serve(options: Partial<ServeOptions> = {}): Promise<Served> {
  const served = await serveTown(town, { operatorToken: OPERATOR, env, version: VERSION, port: 0, ...options });
  open.push(served);
  return served;
}

const authorization = `Bearer ${OPERATOR}`;

/** Sends bytes as they are; resolves with all that came back when the other side has closed. */
async function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect({ host: hostname, port: Number(port) });
  let heard = '';
  socket.on('data', (part) => {
    heard += part;
  });
  socket.on('error', () => undefined);
  socket.end(text);
  await once(socket, 'close');
  return heard;
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

/** The first `count` events of a stream. */
async function take(url: string, count: number): Promise<number[]> {
  const answer = await fetch(url, { headers: { authorization } });
  const ids: number[] = [];
  let text = '';
  for await (const part of answer.body ?? []) {
    text += new TextDecoder().decode(part);
    ids.splice(0, ids.length, ...[...text.matchAll(/^id: (\d+)\ndata:/gm)].map(([, id]) => Number(id)));
    if (ids.length >= count) break;
  }
  return ids;
}

describe('a served town', () => {
  it('answers at one address of the loopback, and runs are told of it', async () => {
    const { url } = await serve();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const made = await fetch(`${url}/api/v1/beads`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'b1', title: 'over the wire' }),
    });
    expect(made.status).toBe(201);
    const shown = await fetch(`${url.replace('127.0.0.1', 'localhost')}/api/v1/beads/b1`, {
      headers: { authorization },
    });
    expect(await shown.json()).toMatchObject({ context: { title: 'over the wire' } });
    await expect.poll(() => container.starts[0]?.api, { timeout: 5_000 }).toEqual({ url, token: expect.any(String) });
    const run = container.starts[0];
    const reported = await fetch(`${url}/api/v1/agents/p1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${run?.api?.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'heartbeat', epoch: run?.epoch }),
    });
    expect(reported.status).toBe(200);
  });

  it('refuses other hosts, doubled ones, and addresses in full that are not ours', async () => {
    const { url } = await serve();
    const { host } = new URL(url);
    const get = (lines: string) => raw(url, `${lines}\r\nConnection: close\r\n\r\n`).then(statusOf);
    expect(await get(`GET /api/v1/healthz HTTP/1.1\r\nHost: ${host}`)).toBe(200);
    expect(await get(`GET http://${host}/api/v1/healthz HTTP/1.1\r\nHost: ${host}`)).toBe(200);
    expect(await get('GET /api/v1/healthz HTTP/1.1\r\nHost: evil.test')).toBe(421);
    expect(await get(`GET http://evil.test/api/v1/healthz HTTP/1.1\r\nHost: ${host}`)).toBe(421);
    expect(await get(`GET /api/v1/healthz HTTP/1.1\r\nHost: ${host}\r\nHost: evil.test`)).toBeGreaterThanOrEqual(400);
    expect(await get('GET /api/v1/healthz HTTP/1.1')).toBe(400);
    expect(await get('GET /api/v1/healthz HTTP/1.0')).toBe(400);
    expect(await get(`GET /api/v1/healthz HTTP/1.1\r\nHost: ${host}\r\nX-Long: ${'x'.repeat(20_000)}`)).toBe(431);
  });

  it('stops reading a body that is too large', async () => {
    const { url } = await serve();
    const body = JSON.stringify({ title: 'x', body: 'x'.repeat(3 * 1024 * 1024) });
    const headers = { authorization, 'content-type': 'application/json' };
    const declared = await fetch(`${url}/api/v1/beads`, { method: 'POST', headers, body });
    expect(declared.status).toBe(413);
    const parts = new Blob([body]).stream();
    const init = { method: 'POST', headers, body: parts, duplex: 'half' } as RequestInit;
    expect((await fetch(`${url}/api/v1/beads`, init)).status).toBe(413);
    const small = new Blob([JSON.stringify({ id: 'b9', title: 'in parts' })]).stream();
    const chunked = { method: 'POST', headers, body: small, duplex: 'half' } as RequestInit;
    expect((await fetch(`${url}/api/v1/beads`, chunked)).status).toBe(201);
  });

  it('holds 256 connections and no more', async () => {
    const { url } = await serve();
    const { hostname, port } = new URL(url);
    const sockets = Array.from({ length: 256 }, () => connect({ host: hostname, port: Number(port) }));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    expect(await raw(url, '')).toBe('');
    const late = connect({ host: hostname, port: Number(port) });
    await once(late, 'close');
    for (const socket of sockets) socket.destroy();
    const answer = () =>
      fetch(`${url}/api/v1/healthz`).then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(answer, { timeout: 5_000 }).toBe(200);
  });

  it('streams the log to listeners that come back', async () => {
    const { url } = await serve();
    const head = town.status().seq;
    const first = await take(`${url}/api/v1/stream?from=0`, head);
    const resumed = take(`${url}/api/v1/stream?from=${head}`, 1);
    await town.createBeads([{ id: 'b1', title: 'news' }]);
    expect([...first, ...(await resumed)].slice(0, head + 1)).toEqual(
      Array.from({ length: head + 1 }, (_, i) => i + 1),
    );
  });

  it('closes with streams open, and tells runs of no address any more', async () => {
    const served = await serve();
    const answer = await fetch(`${served.url}/api/v1/stream?from=0`, { headers: { authorization } });
    const reader = answer.body?.getReader();
    await reader?.read();
    await served.close();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read());
    await expect(fetch(`${served.url}/api/v1/healthz`)).rejects.toThrow();
  });

  it('refuses a port that is taken and an address that others could reach', async () => {
    const { url } = await serve();
    const port = Number(new URL(url).port);
    await expect(serve({ port })).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining(String(port)),
    });
    await expect(serve({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'invalid' });
  });

  it('names an address that can be gone to, also when it listens on all of them', async () => {
    const { url } = await serve({ host: '0.0.0.0', allowedHosts: ['town.lan:4680'] });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${url}/api/v1/healthz`)).status).toBe(200);
  });
});
