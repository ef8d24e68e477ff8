/** The gateway that plays models for the real runtimes: the same script in three dialects, and its failures. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gateway, startGateway } from './gateway.ts';
import { GOOD_KEY, MODEL, type Reply } from './replies.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const DIALECTS = [
  {
    path: '/chat/completions',
    tools: [
      { type: 'function', function: { name: 'bash', parameters: { properties: { command: {}, description: {} } } } },
    ],
    call: /"name":"bash","arguments":".*git status/,
    end: /"finish_reason":"length"/,
  },
  {
    path: '/responses',
    tools: [{ type: 'function', name: 'exec_command', parameters: { properties: { cmd: {} } } }],
    call: /"name":"exec_command","arguments":".*cmd.*git status/,
    end: /response\.incomplete/,
  },
  {
    path: '/messages',
    tools: [{ name: 'Bash', input_schema: { properties: { command: {} } } }],
    call: /"name":"Bash"[\s\S]*partial_json":".*git status/,
    end: /"stop_reason":"max_tokens"/,
  },
] as const;

const post = (url: string, body: object, key: string = GOOD_KEY) =>
  fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: MODEL, stream: true, ...body }),
    signal: AbortSignal.timeout(5_000),
  });

it("is kilo's own gateway: models for everybody, and answers for who has a key", async () => {
  const url = gateway.play('script', [{ kind: 'say', text: 'Yes.' }]);
  const models = await (await fetch(`${url}/api/openrouter/models`)).json();
  expect(models).toMatchObject({ data: [{ id: MODEL, supported_parameters: expect.arrayContaining(['tools']) }] });
  const chat = `${url}/api/openrouter/chat/completions`;
  expect((await post(chat, {})).status).toBe(200);
  const refused = await post(chat, {}, 'anonymous');
  expect([refused.status, await refused.text()]).toEqual([401, expect.stringMatching(/sign in/)]);
  expect(gateway.strays()).toEqual([]);
});

it('notes whom it is asked for as a proxy, and lets nothing through', async () => {
  const { hostname, port } = new URL(gateway.proxy);
  const tunnel = request({ hostname, port, method: 'CONNECT', path: 'example.org:443' });
  const status = await new Promise((resolve) => {
    tunnel.on('connect', ({ statusCode }, socket) => {
      socket.destroy();
      resolve(statusCode);
    });
    tunnel.end();
  });
  expect(status).toBe(502);
  expect(gateway.strays()).toEqual(['example.org:443']);
  expect(gateway.strays()).toEqual([]);
});

describe.each(DIALECTS)('$path', ({ path, tools, call, end }) => {
  const play = (...replies: Reply[]) => gateway.play('script', replies) + path;

  it('calls the tool that the runtime offers, then goes on with the script', async () => {
    const url = play({ kind: 'run', command: 'git status' }, { kind: 'length', text: 'And so on' });
    expect(await (await post(url, { tools })).text()).toMatch(call);
    const second = await (await post(url, { tools })).text();
    expect(second).toContain('And so on');
    expect(second).toMatch(end);
    expect(gateway.calls('script')).toBe(2);
  });

  it('refuses wrong keys and unknown models, and plays failures with their headers', async () => {
    const url = play({ kind: 'status', status: 429, message: 'Slow', headers: { 'retry-after': '7' } });
    expect((await post(url, {}, 'sk-wrong')).status).toBe(401);
    expect((await post(url, { model: 'yard-0' })).status).toBe(404);
    const slow = await post(url, { tools });
    expect([slow.status, slow.headers.get('retry-after')]).toEqual([429, '7']);
  });

  it('breaks off in the middle of an answer', async () => {
    const response = await post(play({ kind: 'cut' }), { tools });
    await expect(response.text()).rejects.toThrow();
  });
});
