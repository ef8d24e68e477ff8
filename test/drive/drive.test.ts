/** A run whose command is a driver: real processes from the town to the runtime, and what the town hears of them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { PolicyPatch } from '../../machines/policy.ts';
import { createSystemEnv } from '../../src/env/system.ts';
import { serveTown } from '../../src/http/serve.ts';
import type { Town } from '../../src/town/api.ts';
import { createTown } from '../../src/town/town.ts';
import { makeRepository } from '../fixtures/repository.ts';

const DEADLINE_MS = 60_000;
const CLI = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Given = { readonly runtime?: string; readonly words?: readonly string[]; readonly policy?: PolicyPatch };

/** A town whose agent is `yardmaster drive` around this program. */
async function drivenTown(body: string, { runtime = 'command', words = [], policy }: Given = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-drive-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'repository');
  const git = makeRepository(path);
  const program = join(folder, 'runtime.mjs');
  writeFileSync(program, `import { execFileSync } from 'node:child_process';\n${PRELUDE}\n${body}\n`);
  const env = createSystemEnv({ log: () => undefined });
  const argv = [process.execPath, CLI, 'drive', runtime, '--program', `${process.execPath} ${program}`, ...words];
  const town = await createTown({
    ...{ directory: join(folder, 'town'), env, environment: { PATH: process.env.PATH ?? '', HOME: folder } },
    ...{
      policy: { runsMax: 1, graceMs: 5_000, ...policy },
      agents: [{ id: 'p1', rig: 'r' }],
      onClose: 'stop',
      awaitApi: true,
    },
    rigs: { r: { path, branch: 'main', argv, promptBy: 'stdin', test: [], merge: true, env: {}, secrets: {} } },
  });
  closers.push(() => town[Symbol.asyncDispose]());
  const served = await serveTown(town, { port: 0, operatorToken: 'o'.repeat(43), version: 'test', env });
  closers.push(() => served.close());
  await town.createBeads([{ id: 'b1', title: 'One', body: 'Write one.txt.' }]);
  return { town, git, folder };
}

/** Looks after each commit. */
function until(town: Town, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const unwatch = town.watch(() => look());
    const look = () => {
      if (!holds()) return;
      unwatch();
      resolve();
    };
    look();
  });
}

const PRELUDE = `
const call = (name, body) =>
  fetch(process.env.YARDMASTER_API_URL + '/api/v1/agents/' + process.env.YARDMASTER_AGENT + '/calls/' + name, {
    method: 'POST',
    headers: { authorization: 'Bearer ' + process.env.YARDMASTER_TOKEN, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const commit = () => execFileSync('git', ['commit', '-q', '--allow-empty', '-m', 'one']);
`;

describe('a driven run', { timeout: DEADLINE_MS }, () => {
  it('that shows work in git and stops by itself is done, merged, and told by the driver', async () => {
    const { town, git } = await drivenTown(`console.log('working'); commit();`);
    await town.settled();
    expect(town.get({ machine: 'bead', id: 'b1' })?.substate).toBe('closed.merged');
    expect(git('log', '--format=%s', 'main')).toContain('one');
    const said = town.log({ entity: { machine: 'agent', id: 'p1' }, type: 'DONE' });
    expect(said).toMatchObject([{ by: 'agent/p1#1', event: { summary: 'working' } }]);
    expect(await town.output('p1', 1)).toContain('working');
  });

  it('whose agent reports by itself is not reported twice', async () => {
    const { town } = await drivenTown(`commit(); await call('done', { summary: 'mine' });`);
    await town.settled();
    expect(town.get({ machine: 'bead', id: 'b1' })?.substate).toBe('closed.merged');
    const said = town.log({ entity: { machine: 'agent', id: 'p1' }, type: 'DONE', rejected: false });
    expect(said).toMatchObject([{ event: { summary: 'mine' } }]);
  });

  it('that ends without work is a failure of the work, and says so', async () => {
    const { town } = await drivenTown(`console.log('I looked around.');`);
    await town.settled();
    expect(town.get({ machine: 'bead', id: 'b1' })?.state).toBe('failed');
    const [failed] = town.log({ entity: { machine: 'agent', id: 'p1' }, type: 'FAILED' });
    expect(failed?.event).toMatchObject({ class: 'work', reason: expect.stringContaining('without') });
  });

  it('whose runtime is not there blocks its rig with the remedy, and is not charged to the bead', async () => {
    const { town } = await drivenTown('', { words: ['--program', 'no-such-runtime'] });
    const rig = { machine: 'rig', id: 'r' };
    await until(town, () => town.get(rig)?.state === 'blocked');
    expect(town.get(rig)?.context).toMatchObject({ reason: expect.stringContaining('no-such-runtime') });
    expect(town.get({ machine: 'bead', id: 'b1' })).toMatchObject({ state: 'open', context: { runFailures: 0 } });
  });

  it('that idles without a report is told to go on once, tried again in bounds, then a person is told', async () => {
    const { town, folder } = await drivenTown(IDLE, {
      runtime: 'claude',
      policy: { runsMax: 2, backoffMs: [100], recycleMs: 100 },
    });
    await town.settled();
    expect(town.get({ machine: 'bead', id: 'b1' })?.substate).toBe('failed.gaveUp');
    expect(town.status().escalations).toMatchObject([{ subject: 'bead/b1', cause: 'failed' }]);
    const turns = readFileSync(join(folder, 'turns'), 'utf8').trim().split('\n');
    expect(turns.map((turn) => (JSON.parse(turn) as { resumed: boolean }).resumed)).toEqual([false, true, false, true]);
    const prompts = turns.map((turn) => (JSON.parse(turn) as { prompt: string }).prompt);
    expect(prompts[0]).toMatch(/^# One/);
    expect(prompts[1]).toMatch(/^You stopped, but nothing shows that the task is done\. Go on with the task\./);
    // That conversation would only idle again: a new one begins, and is told.
    expect(prompts[2]).toMatch(/^# One.*### The attempt before.*without a report and without work/s);
    expect(prompts).toHaveLength(4);
  });
});

/** A runtime that says something and ends its turn, whatever it is told. */
const IDLE = `
import { appendFileSync, readFileSync } from 'node:fs';
if (process.argv.includes('--version')) {
  console.log('2.9.9');
  process.exit(0);
}
const resumed = process.argv.includes('--resume');
const prompt = readFileSync(0, 'utf8');
appendFileSync(process.argv[1].replace('runtime.mjs', 'turns'), JSON.stringify({ resumed, prompt }) + '\\n');
const say = (line) => console.log(JSON.stringify(line));
say({ type: 'system', subtype: 'init', session_id: 's1', mcp_servers: [] });
say({ type: 'assistant', message: { content: [{ type: 'text', text: 'I looked around.' }] } });
say({ type: 'result', subtype: 'success', is_error: false, result: 'I looked around.' });
`;
