/** The rows of `docs/RUNTIMES.md` for claude that no recording holds. */
import { beforeEach, describe, expect, it } from 'vitest';
import { claude } from '../../../src/drivers/claude/driver.ts';
import type { Ended, Profile, RunRequest } from '../../../src/drivers/port.ts';
import { type FakeProcess, type Play, says, scriptedHost } from '../fake-process.ts';
import { profile, request } from '../requests.ts';
import type { VirtualHost } from '../virtual-host.ts';

let host: VirtualHost;
let processes: FakeProcess[];
/** What the n-th process does. */
let plays: Play[];

const init = {
  type: 'system',
  subtype: 'init',
  session_id: 'uuid-1',
  mcp_servers: [{ name: 'town', status: 'connected' }],
};
const talk = { type: 'assistant', message: { content: [{ type: 'text', text: 'It is made.' }] } };
const good = { type: 'result', subtype: 'success', is_error: false, stop_reason: 'end_turn', permission_denials: [] };

beforeEach(() => {
  processes = [];
  plays = [];
  host = scriptedHost(processes, () => plays);
});

const mine = (changes: Partial<Profile> = {}): Profile =>
  profile({
    driver: 'claude',
    gateway: { api: 'anthropic', url: 'http://gateway.test', key: 'sk-the-secret-key' },
    ...changes,
  });

const run = (changes: Partial<RunRequest> = {}): Promise<Ended> =>
  host.until(claude.run(request({ profile: mine(), ...changes }), host, new AbortController().signal));

it('an agent that was refused a tool is told so, and has not finished', async () => {
  const denied = { ...good, permission_denials: [{ tool_name: 'Bash' }] };
  plays = [says(init, talk, denied), says(init, talk, denied)];
  expect(await run()).toMatchObject({ failure: 'work', reason: expect.stringMatching(/not allowed to use Bash/) });
  expect(processes[1]?.order.argv.join(' ')).toContain('--resume uuid-1');
  expect(processes[1]?.order.input).toMatch(/not allowed to use Bash\. Go on/);
});

it("an agent without the town's tools is ended before it works", async () => {
  plays = [(process) => process.say({ ...init, mcp_servers: [{ name: 'town', status: 'failed' }] })];
  expect(await run()).toMatchObject({ failure: 'transient', reason: expect.stringMatching(/MCP server/) });
  expect(processes[0]?.killed).toEqual(['SIGTERM']);
});

it('a session that is gone is begun anew, with the task and the handover', async () => {
  const unknown = 'No conversation found with session ID: uuid-0';
  plays = [
    says({ ...good, subtype: 'error_during_execution', is_error: true, errors: [unknown] }),
    says(init, talk, good),
  ];
  host.work = () => 'evident';
  const ended = await run({ earlier: { session: 'uuid-0', handover: 'The tests failed.' } });
  expect(ended).toMatchObject({ outcome: 'completed' });
  expect(processes[1]?.order.argv).not.toContain('--resume');
  expect(processes[1]?.order.input).toMatch(/Make the file[\s\S]*The tests failed/);
});

it('a program that dies is started again with its session', async () => {
  plays = [
    (process) => process.say(init).exit({ code: null, signal: 'SIGKILL' }),
    (process) => {
      host.work = () => 'reported';
      says(init, talk, good)(process);
    },
  ];
  expect(await run()).toMatchObject({ outcome: 'completed' });
  expect(processes[1]?.order.input).toMatch(/You were interrupted/);
});

it('a program that ends without a result tells its last words', async () => {
  plays = [(process) => process.say('Segmentation fault', 'error').exit({ code: 139, signal: null })];
  const reason = 'claude ended with code 139: Segmentation fault';
  expect(await run()).toMatchObject({ failure: 'transient', reason });
});

it('a retry because of too much load is a throttle until the next try', async () => {
  const retry = {
    type: 'system',
    subtype: 'api_retry',
    attempt: 1,
    retry_delay_ms: 1500.4,
    error_status: 529,
    error: 'overloaded',
  };
  plays = [says(init, retry, talk, good)];
  host.work = () => 'evident';
  const began = host.now();
  await run();
  expect(host.events).toContainEqual({ kind: 'throttled', untilMs: began + 1500, reason: 'overloaded' });
});

it('turns that ran out are not the end of the work', async () => {
  plays = [says(init, talk, { ...good, subtype: 'error_max_turns', is_error: true }), says(init, talk, good)];
  host.work = () => (processes.length > 1 ? 'evident' : 'none');
  expect(await run()).toMatchObject({ outcome: 'completed' });
});

describe('its command line', () => {
  it('names no secret; the environment holds them', async () => {
    plays = [says(init, talk, good)];
    host.work = () => 'evident';
    await run({ mcp: { url: 'http://town.test/mcp', token: 'run-secret-token' } });
    const order = processes[0]?.order;
    expect(order?.argv.join(' ')).not.toMatch(/secret/);
    expect(order?.argv.join(' ')).toMatch(/Bearer \$\{YARDMASTER_MCP_TOKEN\}/);
    expect(order?.environment).toMatchObject({
      ANTHROPIC_API_KEY: 'sk-the-secret-key',
      ANTHROPIC_BASE_URL: 'http://gateway.test',
      YARDMASTER_MCP_TOKEN: 'run-secret-token',
      CLAUDE_CODE_MAX_RETRIES: '2',
      HOME: '/town/home',
    });
  });

  it('asks for no permissions where nobody would answer', async () => {
    plays = [says(init, talk, good)];
    host.work = () => 'evident';
    await run({ profile: mine({ permissions: 'deny' }) });
    expect(processes[0]?.order.argv.join(' ')).toContain('--permission-mode acceptEdits --allowedTools mcp__town');
    expect(processes[0]?.order.environment).not.toHaveProperty('IS_SANDBOX');
  });
});

it('a conversation that a person takes over goes on in a process of its own, with their words', async () => {
  plays = [
    (process) => {
      process.say(init).say(talk);
      host.after(1_000, () => host.say({ kind: 'takeOver' }));
      host.after(2_000, () => host.say({ kind: 'message', id: 'm1', text: 'Show me the plan.' }));
    },
    (process) => {
      host.work = () => 'reported';
      says(init, talk, good)(process);
    },
  ];
  expect(await run()).toMatchObject({ outcome: 'completed' });
  expect(processes[0]?.killed).toEqual(['SIGTERM']);
  expect(processes[1]?.order.argv.join(' ')).toContain('--resume uuid-1');
  expect(processes[1]?.order.input).toBe('Show me the plan.');
  expect(host.events).toContainEqual({ kind: 'heard', ids: ['m1'] });
});
