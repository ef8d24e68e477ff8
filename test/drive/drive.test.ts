/** A run whose command is a driver: real processes from the town to the runtime, and what the town hears of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createSystemEnv } from '../../src/env/system.ts';
import { serveTown } from '../../src/http/serve.ts';
import { createTown } from '../../src/town/town.ts';
import { makeRepository } from '../fixtures/repository.ts';

const DEADLINE_MS = 60_000;
const CLI = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A town whose agent is `yardmaster drive command` around this program. */
async function drivenTown(body: string, words: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-drive-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'repository');
  const git = makeRepository(path);
  const program = join(folder, 'runtime.mjs');
  writeFileSync(program, `import { execFileSync } from 'node:child_process';\n${PRELUDE}\n${body}\n`);
  const env = createSystemEnv({ log: () => undefined });
  const runtime = `${process.execPath} ${program}`;
  const argv = [process.execPath, CLI, 'drive', 'command', '--program', runtime, ...words];
  const town = await createTown({
    ...{ directory: join(folder, 'town'), env, environment: { PATH: process.env.PATH ?? '', HOME: folder } },
    ...{ policy: { runsMax: 1, graceMs: 5_000 }, agents: [{ id: 'p1', rig: 'r' }], onClose: 'stop', awaitApi: true },
    rigs: { r: { path, branch: 'main', argv, promptBy: 'stdin', test: [], merge: true, env: {}, secrets: {} } },
  });
  closers.push(() => town[Symbol.asyncDispose]());
  const served = await serveTown(town, { port: 0, operatorToken: 'o'.repeat(43), version: 'test', env });
  closers.push(() => served.close());
  await town.createBeads([{ id: 'b1', title: 'One', body: 'Write one.txt.' }]);
  return { town, git };
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

  it('whose runtime is not there is wrong in its configuration, with the remedy', async () => {
    const { town } = await drivenTown('', ['--program', 'no-such-runtime']);
    await town.settled();
    expect(town.get({ machine: 'bead', id: 'b1' })?.substate).toBe('failed.permanent');
    const [failed] = town.log({ entity: { machine: 'agent', id: 'p1' }, type: 'FAILED' });
    expect(failed?.event).toMatchObject({ class: 'permanent', reason: expect.stringContaining('no-such-runtime') });
  });
});
