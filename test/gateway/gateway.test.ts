/** The gateway that plays models for the real runtimes: the same script in three dialects, and its failures. */
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
