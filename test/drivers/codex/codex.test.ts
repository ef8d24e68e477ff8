/** The rows of `docs/RUNTIMES.md` for codex that no recording holds. */
import { beforeEach, expect, it } from 'vitest';
import { codex } from '../../../src/drivers/codex/driver.ts';
import type { Ended, Profile, RunRequest } from '../../../src/drivers/port.ts';
import { type FakeProcess, type Play, says, scriptedHost } from '../fake-process.ts';
import { profile, request } from '../requests.ts';
import type { VirtualHost } from '../virtual-host.ts';

let host: VirtualHost;
let processes: FakeProcess[];
let plays: Play[];

const began = [{ type: 'thread.started', thread_id: 'uuid-1' }, { type: 'turn.started' }];
const talk = { type: 'item.completed', item: { id: 'i1', type: 'agent_message', text: 'It is made.' } };
const completed = { type: 'turn.completed', usage: { input_tokens: 100, output_tokens: 20 } };

beforeEach(() => {
  processes = [];
  plays = [];
  host = scriptedHost(processes, () => plays);
});

const mine = (changes: Partial<Profile> = {}): Profile =>
  profile({
    driver: 'codex',
    gateway: { api: 'openai-responses', url: 'http://gateway.test/v1', key: 'sk-the-secret-key' },
    ...changes,
  });

const run = (changes: Partial<RunRequest> = {}): Promise<Ended> =>
  host.until(codex.run(request({ profile: mine(), ...changes }), host, new AbortController().signal));

it('lines about a network that is gone are no signs of life', async () => {
  plays = [
    (process) => {
      for (const line of began) process.say(line);
      const complain = () => {
        process.say({ type: 'error', message: 'Reconnecting... waiting for network' });
        if (process.killed.length === 0) host.after(5_000, complain);
      };
      complain();
    },
  ];
  expect(await run()).toMatchObject({ failure: 'transient', reason: 'nothing was heard for 60 s' });
  expect(processes[0]?.killed[0]).toBe('SIGTERM');
});

it('a session that is gone is begun anew, with the task', async () => {
  const gone = 'Error: thread/resume failed: no rollout found for thread id uuid-0';
  plays = [(process) => process.say(gone, 'error').exit({ code: 1, signal: null }), says(...began, talk, completed)];
  host.work = () => 'evident';
  expect(await run({ earlier: { session: 'uuid-0', handover: '' } })).toMatchObject({ outcome: 'completed' });
  expect(processes[0]?.order.argv.slice(1, 4)).toEqual(['exec', 'resume', 'uuid-0']);
  expect(processes[1]?.order.argv).not.toContain('resume');
  expect(processes[1]?.order.input).toMatch(/Make the file/);
});

it("an agent without the town's tools does not begin", async () => {
  const words = 'Error: required MCP servers failed to initialize: town: 401';
  plays = [(process) => process.say(words, 'error').exit({ code: 1, signal: null })];
  const ended = await run({ mcp: { url: 'http://town.test/mcp', token: 'run-secret-token' } });
  expect(ended).toMatchObject({ failure: 'transient', reason: expect.stringMatching(/MCP servers failed/) });
  expect(processes[0]?.order.argv).toContain('mcp_servers.town.required=true');
});

it('commands are told with their output, and cost is told in tokens', async () => {
  const item = { id: 'i2', type: 'command_execution', command: 'npm test', aggregated_output: '3 passed\n' };
  plays = [says(...began, { type: 'item.started', item }, { type: 'item.completed', item }, talk, completed)];
  host.work = () => 'evident';
  await run();
  expect(host.events).toContainEqual({ kind: 'progress', text: 'npm test' });
  expect(host.events).toContainEqual({ kind: 'output', text: '[npm test]\n3 passed' });
  expect(host.events).toContainEqual({ kind: 'usage', tokens: 120, costUsd: 0 });
});

it('the command line names no secret', async () => {
  plays = [says(...began, talk, completed)];
  host.work = () => 'evident';
  await run({ mcp: { url: 'http://town.test/mcp', token: 'run-secret-token' } });
  const order = processes[0]?.order;
  expect(order?.argv.join(' ')).not.toMatch(/secret/);
  expect(order?.environment).toMatchObject({
    YARDMASTER_GATEWAY_KEY: 'sk-the-secret-key',
    YARDMASTER_MCP_TOKEN: 'run-secret-token',
  });
});

it('without permission to do all, it stays in its own sandbox', async () => {
  plays = [says(...began, talk, completed)];
  host.work = () => 'evident';
  await run({ profile: mine({ permissions: 'deny' }) });
  expect(processes[0]?.order.argv).toContain('sandbox_mode="workspace-write"');
  expect(processes[0]?.order.argv.join(' ')).not.toContain('--dangerously');
});
