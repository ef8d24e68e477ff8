/** The requirements that a virtual clock can not prove: real processes, real git, a real database file. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { PolicyPatch } from '../../machines/policy.ts';
import type { RigConfig } from '../../machines/vocabulary.ts';
import { createLocalContainer, type LocalContainer } from '../../src/agents/local.ts';
import type { Container, StartOutcome } from '../../src/agents/port.ts';
import { createSystemEnv } from '../../src/env/system.ts';
import { serveTown } from '../../src/http/serve.ts';
import type { Town } from '../../src/town/api.ts';
import { createTown } from '../../src/town/town.ts';
import { makeRepository } from '../fixtures/repository.ts';
import { stateOf, untilWithin } from '../fixtures/town.ts';

const DEADLINE_MS = 25_000;
const until = untilWithin(DEADLINE_MS);
const FAST: PolicyPatch = {
  ...{ heartbeatMs: 200, leaseMs: 1_500, startTimeoutMs: 1_000, unconfirmedMs: 4_000, probeMs: 200, suspectMs: 1_000 },
  ...{ backoffMs: [300], jitter: 0, recycleMs: 100, graceMs: 500, healthMs: 300, healthSuspectMs: 100 },
};
const AGENT = `
  import { execFileSync } from 'node:child_process';
  import { writeFileSync } from 'node:fs';
  const { YARDMASTER_BEAD: bead } = process.env;
  BODY
  writeFileSync(bead + '.txt', bead);
  execFileSync('git', ['add', '.']);
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', bead]);
`;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Scene = {
  body?: string;
  rig?: Partial<RigConfig>;
  environment?: Record<string, string>;
  container?: (real: LocalContainer) => Partial<Container>;
};

/** A repository, an agent program, and a town on both. */
async function scene({ body = '', rig = {}, environment = {}, container = () => ({}) }: Scene = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-real-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'repository');
  const git = makeRepository(path);
  const program = join(folder, 'agent.mjs');
  writeFileSync(program, AGENT.replace('BODY', body));
  const env = createSystemEnv({ log: () => undefined });
  const around = { PATH: process.env.PATH ?? '', ...environment };
  const real = createLocalContainer({
    ...{ id: 'local', root: join(folder, 'town', 'local'), env, environment: around, heartbeatMs: 200 },
  });
  const wrapped = new Proxy(real, {
    get: (target, name) => {
      const own = container(real)[name as keyof Container] ?? target[name as keyof LocalContainer];
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
  const config: RigConfig = {
    ...{ path, branch: 'main', argv: [process.execPath, program], promptBy: 'stdin', test: [], merge: true },
    ...{ env: {}, secrets: {}, ...rig },
  };
  const town = await createTown({
    ...{ directory: join(folder, 'town'), env, environment: around, container: wrapped, policy: FAST, onClose: 'stop' },
    ...{ rigs: { r: config }, agents: [{ id: 'p1', rig: 'r' }], awaitApi: true },
  });
  closers.push(() => town[Symbol.asyncDispose]());
  const served = await serveTown(town, {
    host: '127.0.0.1',
    port: 0,
    operatorToken: 'o'.repeat(43),
    version: 'test',
    env,
  });
  closers.push(() => served.close());
  return { town, real, folder, git, path };
}

const events = (town: Town, id: string) => town.log({ entity: { machine: 'agent', id } }, { limit: 500 });

describe('with real processes', { timeout: DEADLINE_MS + 5_000 }, () => {
  it('S1 credentials reach the agent, and nothing that is kept', async () => {
    const secret = 'canary-7f0d5c1b9a';
    const body = `writeFileSync('seen.txt', String(process.env.KILO_TOKEN.length) + ' ' + process.env.KILO_API_URL);
      console.log('my token is ' + process.env.KILO_TOKEN);`;
    const { town, git, folder } = await scene({
      body,
      rig: { env: { KILO_API_URL: 'http://127.0.0.1:9' }, secrets: { KILO_TOKEN: 'env:REAL_TOKEN' } },
      environment: { REAL_TOKEN: secret },
    });
    await town.createBeads([{ id: 'b', title: 'use the token' }]);
    await town.settled();
    expect(stateOf(town, 'bead/b')).toBe('closed.merged');
    expect(git('show', 'main:seen.txt')).toBe(`${secret.length} http://127.0.0.1:9`);
    expect(await town.output('p1', 1)).toContain('my token is');
    await town[Symbol.asyncDispose]();
    expect(filesBelow(join(folder, 'town')).filter((file) => readFileSync(file).includes(secret))).toEqual([]);
  });

  it('S1 a missing credential is found before a start: one permanent failure with its name', async () => {
    const { town } = await scene({ rig: { secrets: { KILO_TOKEN: 'env:NOT_THERE' } } });
    await town.createBeads([{ id: 'b', title: 'b' }]);
    await until(town, 'blocked', () => stateOf(town, 'bead/b') === 'open.blockedConfig');
    expect([stateOf(town, 'agent/p1'), stateOf(town, 'rig/r')]).toEqual(['idle.ready', 'blocked.waiting']);
    expect(town.get({ machine: 'bead', id: 'b' })?.context.reason).toContain('NOT_THERE');
    expect(town.attempts({ machine: 'bead', id: 'b' })).toHaveLength(1);
    expect(readdirSync(join(town.directory, 'local')).includes('worktrees')).toBe(false);
  });

  it('a command that does not exist is a permanent failure that names it', async () => {
    const { town } = await scene({ rig: { argv: ['no-such-agent-program'] } });
    await town.createBeads([{ id: 'b', title: 'b' }]);
    await until(town, 'blocked', () => stateOf(town, 'bead/b') === 'open.blockedConfig');
    expect(town.get({ machine: 'bead', id: 'b' })?.context.reason).toContain('no-such-agent-program');
  });

  it('S3 a reported completion closes the bead although the process lives on, and ends it', async () => {
    const body = `
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '--allow-empty', '-m', 'work']);
      const { YARDMASTER_API_URL: url, YARDMASTER_AGENT: agent, YARDMASTER_EPOCH: epoch } = process.env;
      const answer = await fetch(url + '/api/v1/agents/' + agent + '/events', {
        method: 'POST',
        headers: { authorization: 'Bearer ' + process.env.YARDMASTER_TOKEN, 'content-type': 'application/json' },
        body: JSON.stringify({ type: 'done', epoch: Number(epoch), summary: 'told you' }),
      });
      console.log('answered', answer.status);
      await new Promise((never) => setTimeout(never, 600_000));`;
    const { town, real } = await scene({ body });
    await town.createBeads([{ id: 'b', title: 'b' }]);
    await town.settled();
    expect(stateOf(town, 'bead/b')).toBe('closed.merged');
    expect(town.attempts({ machine: 'bead', id: 'b' })[0]).toMatchObject({ outcome: 'completed', reason: 'told you' });
    expect(await real.list()).toEqual([]);
  });

  it('S6 a start that answers false leaves nobody working, and the retry does the work', async () => {
    let starts = 0;
    const { town } = await scene({
      container: (real) => ({
        start: async (run, signal) => {
          starts += 1;
          return starts === 1 ? (false as unknown as StartOutcome) : real.start(run, signal);
        },
      }),
    });
    await town.createBeads([{ id: 'b', title: 'b' }]);
    await town.settled();
    expect(stateOf(town, 'bead/b')).toBe('closed.merged');
    expect(events(town, 'p1').map(({ after }) => after)).toContain('idle.cooldown');
    expect(town.attempts({ machine: 'bead', id: 'b' }).map(({ outcome }) => outcome)).toEqual([
      'completed',
      'start_failed',
    ]);
  });

  it('S7 a start that answers after its timeout: the heartbeat restores working, one dispatch', async () => {
    const { town } = await scene({
      body: 'await new Promise((resolve) => setTimeout(resolve, 3_000));',
      container: (real) => ({
        // The process starts at once; its answer is held back past the timeout, and so are its first heartbeats.
        start: async (run, signal) => {
          const outcome = await real.start(run, signal);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          return outcome;
        },
        onReport: (listener) => {
          const openAt = Date.now() + 2_000;
          real.onReport(async (report) => {
            if (report.kind === 'heartbeat' && Date.now() < openAt) return;
            await listener(report);
          });
        },
        probe: async () => 'unknown',
      }),
    });
    await town.createBeads([{ id: 'b', title: 'b' }]);
    await until(town, 'unconfirmed', () => stateOf(town, 'agent/p1').startsWith('working.unconfirmed'));
    await until(town, 'restored', () => stateOf(town, 'agent/p1').startsWith('working.running'));
    await town.settled();
    expect(stateOf(town, 'bead/b')).toBe('closed.merged');
    expect(town.attempts({ machine: 'bead', id: 'b' })).toHaveLength(1);
  });

  it('S13 a restart of the container is seen, its run is released, and the bead is done by the next', async () => {
    const wait = 'await new Promise((never) => setTimeout(never, 600_000));';
    const body = `if (process.env.YARDMASTER_ATTEMPT === '1') ${wait}`;
    const { town, real } = await scene({ body });
    await town.createBeads([{ id: 'b', title: 'b' }]);
    await until(town, 'running', () => stateOf(town, 'agent/p1').startsWith('working.running'));
    await real.restart();
    await town.settled();
    expect(stateOf(town, 'bead/b')).toBe('closed.merged');
    const outcomes = town.attempts({ machine: 'bead', id: 'b' }).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['completed', 'evicted']);
    expect(town.get({ machine: 'bead', id: 'b' })?.context).toMatchObject({ runFailures: 0, startFailures: 0 });
  });

  it('leaves no branch of what is merged, nor of an attempt that added nothing', async () => {
    const { town, git } = await scene({ body: `if (bead === 'bad') process.exit(3);` });
    await town.patchPolicy({ runsMax: 1 });
    await town.createBeads([
      { id: 'good', title: 'good' },
      { id: 'bad', title: 'bad' },
    ]);
    await town.settled();
    await town[Symbol.asyncDispose]();
    expect(git('log', '--format=%s', '--merges', 'main').trim()).toBe('Merge good: good');
    expect(git('branch', '--format=%(refname:short)').trim().split('\n')).toEqual(['main']);
  });

  it('refuses a rig that could start nothing, with all that is missing', async () => {
    const { town, folder, path } = await scene();
    const { context } = town.get({ machine: 'rig', id: 'r' }) ?? {};
    const config = (context as unknown as { config: RigConfig }).config;
    const bad = { ...config, path: folder, argv: ['no-such-agent'], secrets: { KEY: 'env:NOT_THERE' } };
    const refused = await town.addRig('second', bad).catch((thrown: Error) => thrown.message);
    expect(refused).toContain(`${folder} is not a git repository: run git init there`);
    expect(refused).toContain('the command "no-such-agent" does not exist');
    expect(refused).toContain('the secret KEY is missing: the environment variable NOT_THERE is not set');
    expect(town.get({ machine: 'rig', id: 'second' })).toBeNull();
    await town.addRig('second', { ...config, path: join(path, '.') });
    expect(town.get({ machine: 'rig', id: 'second' })?.context).toMatchObject({ config: { path } });
  });

  it('keeps its files to itself', async () => {
    const { town, folder } = await scene();
    await town.createBeads([{ id: 'b', title: 'b' }]);
    await town.settled();
    const open = filesBelow(join(folder, 'town'))
      .filter((file) => !file.includes('/worktrees/') && !file.includes('/integration/'))
      .filter((file) => (statSync(file).mode & 0o077) !== 0);
    expect(open).toEqual([]);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
