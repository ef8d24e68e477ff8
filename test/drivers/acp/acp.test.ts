/** The rows of `docs/RUNTIMES.md` for the Agent Client Protocol that no recording holds. */
import { beforeEach, describe, expect, it } from 'vitest';
import { acp } from '../../../src/drivers/acp/driver.ts';
import type { Ended, Profile, RunRequest } from '../../../src/drivers/port.ts';
import { profile, request } from '../requests.ts';
import { VirtualHost } from '../virtual-host.ts';
import { FakeAgent, SESSION } from './fake-agent.ts';

let host: VirtualHost;
let agent: FakeAgent;

beforeEach(() => {
  host = new VirtualHost();
  agent = new FakeAgent(host);
});

const mine = (changes: Partial<Profile> = {}): Profile =>
  profile({ driver: 'acp', gateway: null, model: null, program: ['/programs/agent', 'acp'], ...changes });

const run = (changes: Partial<RunRequest> = {}, signal = new AbortController().signal): Promise<Ended> =>
  host.until(acp.run(request({ profile: mine(), ...changes }), host, signal));

/** Each prompt is answered with some words and this reason; git shows work from then on. */
function works(stopReason = 'end_turn', text = 'It is made.\n'): void {
  agent.handlers['session/prompt'] = (_, reply) => {
    agent.talk(text);
    host.work = () => 'evident';
    reply({ stopReason });
  };
}

it('a good turn is told in lines, tools and cost', async () => {
  agent.handlers['session/prompt'] = (_, reply) => {
    agent.talk('I will ');
    agent.talk('make it.\nNow');
    agent.update({ sessionUpdate: 'tool_call', toolCallId: 't1', title: 'git commit', status: 'pending' });
    const content = [{ type: 'content', content: { type: 'text', text: '1 file changed' } }];
    agent.update({ sessionUpdate: 'tool_call_update', toolCallId: 't1', status: 'completed', content });
    agent.update({ sessionUpdate: 'usage_update', used: 320, size: 1000, cost: { amount: 0.5, currency: 'USD' } });
    host.work = () => 'evident';
    reply({ stopReason: 'end_turn' });
  };
  expect(await run()).toMatchObject({ outcome: 'completed' });
  expect(host.events).toEqual([
    { kind: 'session', id: SESSION },
    { kind: 'accepted' },
    { kind: 'output', text: 'I will make it.' },
    { kind: 'progress', text: 'git commit' },
    { kind: 'output', text: '[git commit] completed\n1 file changed' },
    { kind: 'usage', tokens: 320, costUsd: 0.5 },
    { kind: 'output', text: 'Now' },
    expect.objectContaining({ kind: 'ended' }),
  ]);
});

it.each([
  ['max_tokens', 'work', /cut off/],
  ['max_turn_requests', 'work', /out of turns/],
  ['refusal', 'work', /refuses/],
  ['cancelled', 'transient', /cancelled/],
] as const)('the stop reason %s is a failure: %s', async (stopReason, failure, reason) => {
  agent.handlers['session/prompt'] = (_, reply) => reply({ stopReason });
  expect(await run()).toMatchObject({ failure, reason: expect.stringMatching(reason) });
});

it('a turn without a word is empty, however it is said to have ended', async () => {
  agent.handlers['session/prompt'] = (_, reply) => reply({ stopReason: 'end_turn' });
  expect(await run()).toMatchObject({ failure: 'work', reason: expect.stringMatching(/empty/) });
});

describe('an agent', () => {
  it('that wants a login is a permanent failure', async () => {
    agent.handlers['session/new'] = (_, __, fail) => fail(-32000, 'Authentication required');
    expect(await run()).toMatchObject({ failure: 'permanent', reason: expect.stringMatching(/key/) });
  });

  it('that says nothing is cancelled and ended', async () => {
    agent.handlers['session/prompt'] = () => {};
    expect(await run()).toMatchObject({ failure: 'transient', reason: 'nothing was heard for 60 s' });
    expect(agent.named('session/cancel')).toEqual([{ sessionId: SESSION }]);
  });

  it('that never answers the handshake is given up', async () => {
    agent.handlers.initialize = () => {};
    expect(await run()).toMatchObject({ failure: 'transient', reason: expect.stringMatching(/initialize/) });
    expect(agent.processes[0]?.killed).toContain('SIGKILL');
  });

  it('that is not there is a permanent failure', async () => {
    agent.handlers.initialize = () => agent.processes[0]?.exit({ code: null, signal: null, failure: 'ENOENT' });
    expect(await run()).toMatchObject({ failure: 'permanent', reason: expect.stringMatching(/ENOENT/) });
  });

  it('that dies in the middle is started again and loads its session', async () => {
    agent.handlers['session/prompt'] = () => {
      works();
      agent.processes[0]?.exit({ code: null, signal: 'SIGKILL' });
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
    expect(agent.processes).toHaveLength(2);
    expect(agent.named('session/load')).toMatchObject([{ sessionId: SESSION }]);
    expect(JSON.stringify(agent.named('session/prompt')[1])).toMatch(/interrupted/);
  });

  it('that can not load sessions gets the task anew', async () => {
    agent.handlers.initialize = (_, reply) => reply({ protocolVersion: 1, agentCapabilities: {} });
    works();
    await run({ earlier: { session: 'ses_0', handover: 'The tests failed.' } });
    expect(agent.named('session/load')).toEqual([]);
    expect(JSON.stringify(agent.named('session/prompt')[0])).toMatch(/Make the file.*The tests failed/);
  });

  it.each([
    [[SESSION], 'in this worktree is loaded', 1],
    [[], 'in the worktree of another attempt is left alone: the agent would go on there', 0],
  ] as const)('whose earlier session is listed as one of %j: one %s', async (listed, _, loads) => {
    const sessionCapabilities = { list: {} };
    agent.handlers.initialize = (_, reply) =>
      reply({ protocolVersion: 1, agentCapabilities: { loadSession: true, sessionCapabilities } });
    agent.handlers['session/list'] = (_, reply) =>
      reply({ sessions: listed.map((sessionId) => ({ sessionId, cwd: '/town/worktree' })) });
    works();
    await run({ earlier: { session: SESSION, handover: 'The tests failed.' } });
    expect(agent.named('session/list')).toEqual([{ cwd: '/town/worktree' }]);
    expect(agent.named('session/load')).toHaveLength(loads);
    expect(agent.named('session/new')).toHaveLength(1 - loads);
  });

  it('whose loaded past is told again has not done it twice', async () => {
    agent.handlers['session/load'] = (_, reply) => {
      agent.talk('Long ago.\n');
      reply({});
    };
    works();
    await run({ earlier: { session: SESSION, handover: 'Go on.' } });
    expect(JSON.stringify(host.events)).not.toContain('Long ago');
  });

  it('that takes no MCP over HTTP could never say that it is done', async () => {
    agent.handlers.initialize = (_, reply) => reply({ protocolVersion: 1, agentCapabilities: {} });
    const ended = await run({ mcp: { url: 'http://town.test/mcp', token: 'run-token' } });
    expect(ended).toMatchObject({ failure: 'permanent', reason: expect.stringMatching(/no MCP servers over HTTP/) });
  });

  it("gets the town's MCP server with the run's token, and its mode", async () => {
    works();
    agent.handlers['session/set_mode'] = (_, reply) => reply({});
    await run({ mcp: { url: 'http://town.test/mcp', token: 'run-token' }, profile: mine({ mode: 'full' }) });
    const headers = [{ name: 'Authorization', value: 'Bearer run-token' }];
    expect(agent.named('session/new')).toMatchObject([
      { cwd: '/town/worktree', mcpServers: [{ type: 'http', name: 'town', url: 'http://town.test/mcp', headers }] },
    ]);
    expect(agent.named('session/set_mode')).toEqual([{ sessionId: SESSION, modeId: 'full' }]);
  });

  it('that tells of 429 only at the end is a throttle, too', async () => {
    agent.handlers['session/prompt'] = (_, __, fail) => fail(-32603, 'Internal error: Rate limited');
    expect(await run()).toMatchObject({ failure: 'transient' });
    expect(host.events.map(({ kind }) => kind)).toContain('throttled');
  });

  it('is asked to leave before it is made to', async () => {
    works();
    await run();
    expect(agent.processes[0]?.killed).toEqual([]);
  });

  it('that is stopped is cancelled', async () => {
    const stop = new AbortController();
    agent.handlers['session/prompt'] = (_, reply) => {
      agent.handlers['session/cancel'] = () => reply({ stopReason: 'cancelled' });
      host.after(1_000, () => stop.abort());
    };
    expect(await run({}, stop.signal)).toMatchObject({ outcome: 'stopped' });
  });
});

describe('a permission', () => {
  const options = [
    { optionId: 'a', name: 'Always', kind: 'allow_always' },
    { optionId: 'y', name: 'Yes', kind: 'allow_once' },
    { optionId: 'n', name: 'No', kind: 'reject_once' },
  ];
  const asks = () => {
    agent.handlers['session/prompt'] = (_, reply) => {
      agent.ask('session/request_permission', { toolCall: { toolCallId: 't1', title: 'git push' }, options });
      host.after(1_000, function look() {
        if (agent.answers.length === 0) return void host.after(3_600_000, look);
        agent.talk('Asked.\n');
        host.work = () => 'evident';
        reply({ stopReason: 'end_turn' });
      });
    };
  };

  it.each([
    ['allow', 'y'],
    ['deny', 'n'],
  ] as const)('is answered by the policy %s with %s', async (permissions, optionId) => {
    asks();
    await run({ profile: mine({ permissions }) });
    expect(agent.answers).toEqual([{ outcome: { outcome: 'selected', optionId } }]);
  });

  it('waits for a person for as long as it takes', async () => {
    asks();
    host.after(86_400_000, () => host.say({ kind: 'answer', id: 'permission-1', allow: false, text: '' }));
    expect(await run({ profile: mine({ permissions: 'ask' }) })).toMatchObject({ outcome: 'completed' });
    const question = 'May the agent do this: git push?';
    expect(host.events).toContainEqual({ kind: 'waiting', id: 'permission-1', question });
    expect(agent.answers).toEqual([{ outcome: { outcome: 'selected', optionId: 'n' } }]);
  });
});
