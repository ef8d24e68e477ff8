/** The rows of `docs/RUNTIMES.md` for kilo and opencode that no recording holds: what a server may do to a run. */
import { beforeEach, describe, expect, it } from 'vitest';
import { kilo } from '../../../src/drivers/kilo/driver.ts';
import { limits, profile, request } from '../requests.ts';
import type { VirtualHost } from '../virtual-host.ts';
import { type FakeServer, SESSION } from './fake-server.ts';
import { never, Stage } from './stage.ts';

let host: VirtualHost;
let server: FakeServer;
let run: Stage['run'];
let works: Stage['works'];

beforeEach(() => {
  ({ host, server, run, works } = new Stage());
});

describe('an event stream that drops', () => {
  it('is opened again, and the true state is asked for', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      server.breakFeed();
      server.answer(id);
      host.work = () => 'reported';
      delete server.statuses[SESSION];
    };
    const began = host.now();
    expect(await run()).toMatchObject({ outcome: 'completed' });
    expect(server.feeds).toBe(2);
    expect(host.now() - began).toBeLessThan(5_000);
  });

  it('tells of permissions that were asked meanwhile', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      server.permissions = [{ id: 'per_1', sessionID: SESSION, permission: 'bash', patterns: ['git push'] }];
      server.breakFeed();
      server.onCall = (path) => {
        if (!path.endsWith('/reply')) return undefined;
        server.onCall = () => undefined;
        server.answer(id);
        host.work = () => 'reported';
        server.idle();
        return Promise.resolve(Response.json(true));
      };
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
  });
});

describe('a server', () => {
  it('that dies in the middle is started again and goes on with its session', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      works();
      server.processes[0]?.kill('SIGKILL');
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
    expect(server.processes).toHaveLength(2);
    expect(server.posts('/session')).toHaveLength(1);
    const [first, second] = server.posts('/prompt_async').map(({ body }) => JSON.stringify(body.parts));
    expect(first).toContain('Make the file');
    expect(second).toContain('You were interrupted');
  });

  it('that dies again and again is a transient failure', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      server.processes.at(-1)?.kill('SIGKILL');
    };
    expect(await run()).toMatchObject({
      failure: 'transient',
      reason: expect.stringMatching(/died.*after 2 restarts/),
    });
    expect(server.processes).toHaveLength(3);
  });

  it('that is not there is a permanent failure with its remedy', async () => {
    server.onStart = (process) => process.exit({ code: null, signal: null, failure: 'ENOENT' });
    expect(await run()).toMatchObject({ failure: 'permanent', reason: expect.stringMatching(/ENOENT.*install it/) });
  });

  it('that ends at its start tells its last words', async () => {
    server.onStart = (process) => process.say('ServeError', 'error').exit({ code: 1, signal: null });
    expect(await run()).toMatchObject({ failure: 'transient', reason: expect.stringMatching(/code 1: ServeError/) });
  });

  it('that never listens is given up and ended', async () => {
    server.onStart = () => {};
    expect(await run()).toMatchObject({ failure: 'transient', reason: expect.stringMatching(/did not listen/) });
    expect(server.processes[0]?.killed).toEqual(['SIGTERM']);
  });

  it('that swallows the first probe is asked again', async () => {
    works();
    let probes = 0;
    server.onCall = (path) => {
      if (path !== '/global/health') return undefined;
      probes += 1;
      return probes < 3 ? new Promise(() => {}) : undefined;
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
    expect(probes).toBe(3);
  });

  it('that does not end by TERM is killed', async () => {
    works();
    server.onStart = (process) => {
      process.onKill = (signal) => signal === 'SIGKILL' && process.exit({ code: null, signal });
      process.say('kilo server listening on http://127.0.0.1:4444');
    };
    await run();
    expect(server.processes[0]?.killed).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it("that can not reach the town's MCP server gets no prompt", async () => {
    server.mcp = { town: { status: 'failed', error: 'Non-200 status code (401)' } };
    const ended = await run({ mcp: { url: 'http://town.test/mcp', token: 'run-token' } });
    expect(ended).toMatchObject({ failure: 'transient', reason: expect.stringMatching(/MCP.*failed.*401/) });
    expect(server.posts('/prompt_async')).toHaveLength(0);
  });

  it('whose answer to a prompt is lost is asked whether it has it', async () => {
    works();
    server.onCall = (path) => {
      if (!path.endsWith('/prompt_async')) return undefined;
      server.onCall = () => undefined;
      return Promise.reject(new TypeError('fetch failed'));
    };
    expect(await run()).toMatchObject({ failure: 'transient', reason: expect.stringMatching(/prompt was not taken/) });
  });
});

describe('a permission', () => {
  const asks = (id: string) => {
    server.take(id);
    server.emit('permission.asked', { id: 'per_1', permission: 'bash', patterns: ['git push'] });
  };
  const replied = (id: string) => {
    server.onCall = (path) => {
      if (!path.includes('/per_1/')) return undefined;
      host.after(10, () => {
        server.emit('permission.replied', { requestID: 'per_1' });
        server.answer(id);
        host.work = () => 'evident';
        server.idle();
      });
      return undefined;
    };
  };

  it.each([
    ['allow', 'once'],
    ['deny', 'reject'],
  ] as const)('is answered by the policy %s with %s', async (permissions, reply) => {
    server.onPrompt = (id) => {
      replied(id);
      asks(id);
    };
    await run({ profile: profile({ permissions }) });
    expect(server.posts('/permission/per_1/reply')[0]?.body).toEqual({ reply });
  });

  it('waits for a person for as long as it takes, and then goes on', async () => {
    server.onPrompt = (id) => {
      replied(id);
      asks(id);
      host.after(86_400_000, () => host.say({ kind: 'answer', id: 'per_1', allow: true, text: '' }));
    };
    expect(await run({ profile: profile({ permissions: 'ask' }) })).toMatchObject({ outcome: 'completed' });
    const question = 'May the agent use bash: git push?';
    expect(host.events).toContainEqual({ kind: 'waiting', id: 'per_1', question });
    expect(server.posts('/permission/per_1/reply')[0]?.body).toEqual({ reply: 'once' });
  });

  it("of a sub-agent is answered, and its cost is the run's", async () => {
    server.onPrompt = (id) => {
      replied(id);
      const info = { id: 'msg_sub', role: 'assistant', cost: 1, tokens: { input: 30, output: 10 } };
      server.emit('message.updated', { sessionID: 'ses_sub', info });
      server.emit('session.idle', { sessionID: 'ses_sub' });
      server.take(id);
      server.emit('permission.asked', { sessionID: 'ses_sub', id: 'per_1', permission: 'bash', patterns: ['ls'] });
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
    expect(server.posts('/permission/per_1/reply')).toHaveLength(1);
    expect(host.events).toContainEqual({ kind: 'usage', tokens: 160, costUsd: 1.25 });
  });

  it('whose answer is not taken leaves the run to its silence', async () => {
    server.onCall = (path) =>
      path.includes('/per_1/') ? Promise.resolve(new Response(null, { status: 500 })) : undefined;
    server.onPrompt = asks;
    expect(await run()).toMatchObject({ failure: 'transient', reason: expect.stringMatching(/nothing was heard/) });
  });

  it('and a question goes to the person with its options', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      const questions = [{ question: 'Which one?', options: [{ label: 'This' }, { label: 'That' }] }];
      server.emit('question.asked', { id: 'que_1', questions });
      host.after(5_000, () => {
        host.say({ kind: 'answer', id: 'que_1', allow: true, text: 'That' });
        server.answer(id);
        host.work = () => 'evident';
        server.idle();
      });
    };
    await run({ profile: profile({ permissions: 'ask' }) });
    expect(host.events).toContainEqual({ kind: 'waiting', id: 'que_1', question: 'Which one? (This / That)' });
    expect(server.posts('/question/que_1/reply')[0]?.body).toEqual({ answers: [['That']] });
  });
});

it('a network that is gone is tried again, and then given up', async () => {
  server.onPrompt = (id) => {
    server.take(id);
    server.emit('session.network.asked', { id: 'net_1', message: 'Cannot connect' });
    host.after(10_000, () => server.emit('session.network.asked', { id: 'net_2', message: 'Cannot connect' }));
    host.after(20_000, () => server.emit('session.network.asked', { id: 'net_3', message: 'Cannot connect' }));
  };
  await run();
  const paths = server.calls.map(({ path }) => path).filter((path) => path.startsWith('/network'));
  expect(paths).toEqual(['/network/net_1/reply', '/network/net_2/reply', '/network/net_3/reject']);
});

describe('going on', () => {
  it('an earlier session of another worktree is moved to this one, or left alone', async () => {
    const earlier = { session: SESSION, handover: 'The tests failed.' };
    server.sessions.add(SESSION);
    server.directory = '/town/worktree-of-attempt-1';
    works();
    await run({ earlier });
    const moved = { sessionID: SESSION, destination: { directory: '/town/worktree' }, moveChanges: false };
    expect(server.posts('/move-session').map(({ body }) => body)).toEqual([moved]);
    expect(server.posts('/session')).toEqual([]);
    server.onCall = (path) => {
      if (!path.endsWith('/move-session')) return undefined;
      return Promise.resolve(new Response(null, { status: 400 }));
    };
    await run({ earlier });
    expect(server.posts('/session')).toHaveLength(1);
  });

  it('an earlier session is resumed with the handover', async () => {
    works();
    server.sessions.add(SESSION);
    await run({ earlier: { session: SESSION, handover: 'The tests failed: a.test.ts.' } });
    expect(server.posts('/session')).toHaveLength(0);
    expect(JSON.stringify(server.posts('/prompt_async')[0]?.body)).toMatch(/The tests failed/);
  });

  it('a new session gets the task and the handover when the old one is gone', async () => {
    works();
    await run({ earlier: { session: 'ses_0', handover: 'The tests failed: a.test.ts.' } });
    expect(host.events[0]).toEqual({ kind: 'session', id: SESSION });
    expect(JSON.stringify(server.posts('/prompt_async')[0]?.body)).toMatch(/Make the file.*The tests failed/);
  });

  it("a person's message is the next turn, and does not count as a reminder", async () => {
    let turns = 0;
    server.onPrompt = (id) => {
      turns += 1;
      server.take(id);
      if (turns === 1) host.say({ kind: 'message', id: 'm1', text: 'Use tabs.' });
      if (turns === 3) host.work = () => 'evident';
      server.answer(id);
      server.idle();
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
    expect(JSON.stringify(server.posts('/prompt_async')[1]?.body.parts)).toContain('Use tabs.');
  });

  it('a second supervisor of the same run takes up the living server and its turn', async () => {
    Object.assign(host.environment, { YARDMASTER_RUN: 'town/agent/1' });
    const first = new AbortController();
    server.onPrompt = (id) => server.take(id);
    void kilo.run(request(), host, first.signal);
    await host.pass(5_000);
    const id = String(server.posts('/prompt_async')[0]?.body.messageID);
    const ended = kilo.run(request(), host, never);
    host.after(1_000, () => {
      server.answer(id);
      host.work = () => 'reported';
      server.idle();
    });
    expect(await host.until(ended)).toMatchObject({ outcome: 'completed' });
    expect(server.processes).toHaveLength(1);
    expect(server.posts('/prompt_async')).toHaveLength(1);
  });

  it('a server of another run is never taken up', async () => {
    Object.assign(host.environment, { YARDMASTER_RUN: 'town/agent/1' });
    server.onPrompt = (id) => server.take(id);
    void kilo.run(request(), host, never);
    await host.pass(5_000);
    Object.assign(host.environment, { YARDMASTER_RUN: 'town/agent/2' });
    works();
    expect(await host.until(kilo.run(request(), host, never))).toMatchObject({ outcome: 'completed' });
    expect(server.processes).toHaveLength(2);
  });

  it('a run that is asked to stop while its server starts is stopped', async () => {
    const stop = new AbortController();
    server.onStart = () => void host.after(1_000, () => stop.abort());
    expect(await run({}, stop.signal)).toMatchObject({ outcome: 'stopped' });
    expect(server.processes[0]?.killed[0]).toBe('SIGKILL');
  });

  it('a run that is asked to stop aborts its turn and ends its server', async () => {
    const stop = new AbortController();
    server.onPrompt = (id) => {
      server.take(id);
      host.after(1_000, () => stop.abort());
    };
    expect(await run({}, stop.signal)).toMatchObject({ outcome: 'stopped' });
    expect(server.posts('/abort')).toHaveLength(1);
    expect(server.processes[0]?.killed).toEqual(['SIGTERM']);
  });
});

it('the key and the token stand in the environment only', async () => {
  works();
  const mcp = { url: 'http://town.test/mcp', token: 'run-secret-token' };
  await run({ mcp, profile: profile({ limits: { ...limits, retriesMax: 4 } }) });
  const order = server.processes[0]?.order;
  expect(order?.argv.join(' ')).toBe('/programs/runtime serve --hostname 127.0.0.1 --port 0');
  const settings = JSON.parse(order?.environment.KILO_CONFIG_CONTENT ?? '');
  expect(settings).toMatchObject({
    model: 'gateway/yard-1',
    provider: { gateway: { options: { baseURL: 'http://gateway.test/v1', apiKey: 'sk-the-secret-key' } } },
    mcp: { town: { headers: { Authorization: 'Bearer run-secret-token' } } },
  });
  expect(order?.environment).toMatchObject({ HOME: '/town/home', KILO_SESSION_RETRY_LIMIT: '4' });
  expect(JSON.stringify(host.events)).not.toMatch(/secret/);
  expect([...host.files.values()].join()).not.toMatch(/secret/);
});

it("kilo's own gateway is named in the environment, and the model without what the gateway knows of it", async () => {
  works();
  const gateway = { api: 'kilo', url: 'https://api.kilo.test', key: 'sk-the-secret-key' } as const;
  await run({ profile: profile({ gateway, model: 'kilo/vendor/yard-1' }) });
  const { environment = {} } = server.processes[0]?.order ?? {};
  expect(environment).toMatchObject({ KILO_API_URL: 'https://api.kilo.test', KILO_API_KEY: 'sk-the-secret-key' });
  expect(JSON.parse(environment.KILO_CONFIG_CONTENT ?? '')).toMatchObject({
    model: 'kilo/vendor/yard-1',
    enabled_providers: ['kilo'],
    provider: { kilo: { models: { 'vendor/yard-1': {} } } },
  });
  expect(environment.KILO_CONFIG_CONTENT).not.toMatch(/secret/);
});
