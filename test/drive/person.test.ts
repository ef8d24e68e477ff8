/** A person and a driven run, with real processes: what is said in the town reaches the program of the runtime. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { createSystemEnv } from '../../src/env/system.ts';
import { serveTown } from '../../src/http/serve.ts';
import type { Town } from '../../src/town/api.ts';
import { createTown } from '../../src/town/town.ts';
import { makeRepository } from '../fixtures/repository.ts';

const DEADLINE_MS = 60_000;
const CLI = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
const AGENT = { machine: 'agent', id: 'p1' };

/** Waits for a file at its first prompt; commits when it is told to; has nothing to add when it is given back. */
const PROGRAM = `
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
if (process.argv.includes('--version')) process.exit(0);
const prompt = await text(process.stdin);
console.log('told: ' + prompt.trim().split('\\n').at(-1));
if (prompt.includes('gives it back')) process.exit(0);
if (!prompt.includes('Commit it')) {
  while (!existsSync(process.argv[2])) await new Promise((go) => setTimeout(go, 20));
} else execFileSync('git', ['commit', '-q', '--allow-empty', '-m', 'one']);
`;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function drivenTown(): Promise<{ town: Town; gate: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-person-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const [path, program, gate] = [join(folder, 'repository'), join(folder, 'runtime.mjs'), join(folder, 'gate')];
  makeRepository(path);
  writeFileSync(program, PROGRAM);
  const env = createSystemEnv({ log: () => undefined });
  const argv = [process.execPath, CLI, 'drive', 'command', '--program', `${process.execPath} ${program} ${gate}`];
  const town = await createTown({
    ...{ directory: join(folder, 'town'), env, environment: { PATH: process.env.PATH ?? '', HOME: folder } },
    policy: { runsMax: 1, graceMs: 5_000, heartbeatMs: 200 },
    ...{ agents: [{ id: 'p1', rig: 'r' }], onClose: 'stop', awaitApi: true },
    rigs: { r: { path, branch: 'main', argv, promptBy: 'stdin', test: [], merge: true, env: {}, secrets: {} } },
  });
  closers.push(() => town[Symbol.asyncDispose]());
  const served = await serveTown(town, { port: 0, operatorToken: 'o'.repeat(43), version: 'test', env });
  closers.push(() => served.close());
  await town.createBeads([{ id: 'b1', title: 'One', body: 'Write one.txt.' }]);
  await until(town, () => town.get(AGENT)?.substate === 'working.running.active');
  return { town, gate };
}

/** Resolves when it is so, after some commit. */
function until(town: Town, holds: () => boolean): Promise<void> {
  if (holds()) return Promise.resolve();
  return new Promise((resolve) => {
    const unwatch = town.watch(() => {
      if (!holds()) return;
      unwatch();
      resolve();
    });
  });
}

const output = async (town: Town) => (await town.outputPiece({ agent: 'p1', epoch: 1 }, { maxBytes: 10_000 }))?.text;

it('a message is the next prompt of a driven program, and told as delivered', { timeout: DEADLINE_MS }, async () => {
  const { town, gate } = await drivenTown();
  await town.send(AGENT, { type: 'MESSAGE', text: 'Commit it now.' });
  expect(town.messages(AGENT)).toMatchObject([{ state: 'waiting' }]);
  writeFileSync(gate, '');
  await town.settled();
  expect(town.get({ machine: 'bead', id: 'b1' })?.substate).toBe('closed.merged');
  expect(await output(town)).toContain('told: Commit it now.');
  expect(town.messages(AGENT)).toMatchObject([{ state: 'delivered', by: 'operator' }]);
});

it('a run that is taken over ends its turn, and does what the person says', { timeout: DEADLINE_MS }, async () => {
  const { town } = await drivenTown();
  await town.send(AGENT, { type: 'TAKE_OVER' });
  await town.send(AGENT, { type: 'MESSAGE', text: 'Commit it for me.' });
  await until(town, () => town.messages(AGENT)[0]?.state === 'delivered');
  await town.send(AGENT, { type: 'GIVE_BACK' });
  await town.settled();
  expect(town.get({ machine: 'bead', id: 'b1' })?.substate).toBe('closed.merged');
  expect(await output(town)).toContain('told: Commit it for me.');
  expect(town.attempts(AGENT)).toHaveLength(1);
});
