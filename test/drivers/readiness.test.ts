/** What is found out about a profile before its first run, against the real test gateway over loopback. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayApi, Profile, Readiness } from '../../src/drivers/port.ts';
import { probeRuntime } from '../../src/drivers/readiness.ts';
import { drivers } from '../../src/drivers/registry.ts';
import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { GOOD_KEY, MODEL, type Reply } from '../gateway/replies.ts';
import { FakeProcess } from './fake-process.ts';
import { profile } from './requests.ts';
import { VirtualHost } from './virtual-host.ts';

let gateway: Gateway;
let host: VirtualHost;
let program: (process: FakeProcess) => void;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

beforeEach(() => {
  host = new VirtualHost();
  host.onFetch = (url, init) => fetch(url, init);
  program = (process) => process.say('runtime 7.7.7 (linux)').exit({ code: 0, signal: null });
  host.onSpawn = (order) => {
    const process = new FakeProcess(order);
    program(process);
    return process;
  };
});

const apis = ['openai-chat', 'openai-responses', 'anthropic', 'kilo'] as const;
const needs = { version: '7.7.2', apis };
const ok: Reply = { kind: 'say', text: 'Yes.' };

function at(api: GatewayApi, reply: Reply, changes: { key?: string | null; model?: string } = {}): Profile {
  const origin = gateway.play(`probe-${api}`, [reply]);
  const url = api === 'anthropic' || api === 'kilo' ? origin : `${origin}/v1`;
  return profile({
    model: changes.model ?? MODEL,
    gateway: { api, url, key: changes.key === undefined ? GOOD_KEY : changes.key },
  });
}

const failing = (status: number, message: string): Reply => ({ kind: 'status', status, message });

describe.each(apis)('a gateway that speaks %s', (api) => {
  it('and takes key and model is ready', async () => {
    const readiness = await probeRuntime(at(api, ok), host, needs);
    expect(readiness).toEqual({ ready: true, version: '7.7.7', notes: [] });
  });

  it.each([
    ['a wrong key', ok, { key: 'sk-wrong' }, 'credential', 'permanent'],
    ['no credit', failing(402, 'Out of credit'), {}, 'credential', 'permanent'],
    ['no such model', ok, { model: 'yard-0' }, 'model', 'permanent'],
    ['too many requests', failing(429, 'Rate limited'), {}, 'gateway', 'transient'],
    ['a fault', failing(500, 'Broken'), {}, 'gateway', 'transient'],
  ] as const)('and has %s is not', async (_, reply, changes, check, failure) => {
    const readiness = await probeRuntime(at(api, reply, changes), host, needs);
    expect(readiness).toMatchObject({ ready: false, check, failure, remedy: expect.stringMatching(/\w/) });
  });
});

describe("kilo's own gateway", () => {
  it('is asked for the model by its own name, in the name of the organization that pays', async () => {
    let organization: string | null = null;
    host.onFetch = (url, init) => {
      organization = new Headers(init?.headers).get('x-kilocode-organizationid');
      return fetch(url, init);
    };
    Object.assign(host.environment, { KILO_ORG_ID: 'org-town' });
    const readiness = await probeRuntime(at('kilo', ok, { model: `kilo/${MODEL}` }), host, needs);
    expect(readiness).toMatchObject({ ready: true });
    expect(organization).toBe('org-town');
  });

  it('says that this model wants a key, to who has none', async () => {
    const readiness = await probeRuntime(at('kilo', ok, { key: null }), host, needs);
    const reason = expect.stringMatching(/sign in/);
    expect(readiness).toMatchObject({ ready: false, check: 'credential', failure: 'permanent', reason });
  });
});

it('a web page in the place of a gateway is a permanent failure', async () => {
  host.onFetch = async () => new Response('<html>Please sign in.</html>');
  const readiness = await probeRuntime(profile(), host, needs);
  expect(readiness).toMatchObject({ ready: false, check: 'gateway', failure: 'permanent' });
});

it('a gateway that is not there may come back', async () => {
  const lost = profile({ gateway: { api: 'openai-chat', url: 'http://127.0.0.1:1/v1', key: GOOD_KEY } });
  const readiness = await probeRuntime(lost, host, needs);
  expect(readiness).toMatchObject({ ready: false, check: 'gateway', failure: 'transient' });
});

it('a gateway that never answers is given up', async () => {
  host.onFetch = () => new Promise(() => {});
  const readiness = await host.until(probeRuntime(profile(), host, needs));
  expect(readiness).toMatchObject({ ready: false, reason: expect.stringMatching(/no answer within 30 s/) });
});

it('a gateway that refuses the tiny call for another reason leaves a note', async () => {
  host.onFetch = async () => Response.json({ error: { message: 'max_tokens is too small' } }, { status: 400 });
  const readiness = await probeRuntime(profile(), host, needs);
  expect(readiness).toMatchObject({ ready: true, notes: [expect.stringMatching(/max_tokens is too small/)] });
});

describe('a program', () => {
  const probe = (): Promise<Readiness> => host.until(probeRuntime(profile({ gateway: null }), host, needs));

  it('that is not there names the remedy', async () => {
    program = (process) => process.exit({ code: null, signal: null, failure: 'ENOENT' });
    const readiness = await probe();
    expect(readiness).toMatchObject({
      check: 'program',
      failure: 'permanent',
      remedy: expect.stringMatching(/install/),
    });
  });

  it.each(['7.7.1', '6.9.9', 'unknown'])('of version %s is too old', async (version) => {
    program = (process) => process.say(version).exit({ code: 0, signal: null });
    expect(await probe()).toMatchObject({ check: 'version', remedy: 'install 7.7.2 or newer' });
  });

  it.each(['7.7.2', '7.10.0', '8.0.0'])('of version %s will do', async (version) => {
    program = (process) => process.say(version).exit({ code: 0, signal: null });
    expect(await probe()).toMatchObject({ ready: true, version });
  });

  it('that never answers is killed', async () => {
    let killed: readonly string[] = [];
    program = (process) => {
      killed = process.killed;
    };
    expect(await probe()).toMatchObject({ check: 'program', failure: 'transient' });
    expect(killed).toEqual(['SIGKILL']);
  });
});

it.each([
  ['claude', 'openai-chat'],
  ['codex', 'anthropic'],
  ['kilo', 'openai-responses'],
  ['opencode', 'kilo'],
  ['acp', 'openai-chat'],
] as const)('%s can not use a gateway that speaks %s, and says so before anything starts', async (driver, api) => {
  const gatewayOf = { api, url: 'http://gateway.test', key: null };
  const readiness = await drivers[driver].probe(profile({ driver, gateway: gatewayOf }), host);
  expect(readiness).toMatchObject({ ready: false, check: 'settings', failure: 'permanent' });
});
