/** `--runs-on`: what a rig's agents need is looked for where they run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkRig, rigOptions } from '../../src/cli/checks.ts';
import { makeRepository } from '../fixtures/repository.ts';
import { testShell } from './shell.ts';

function repository(): string {
  const repo = mkdtempSync(join(tmpdir(), 'yardmaster-runs-on-'));
  onTestFinished(() => rmSync(repo, { recursive: true, force: true }));
  makeRepository(repo);
  return repo;
}

const elsewhere = { agent: 'no-such-agent', secret: ['KEY=env:NOT_THERE'] };

test('a program and a secret that are not here are no matter where nothing runs here', async () => {
  const repo = repository();
  const checked = await checkRig(testShell(), { repo, ...elsewhere, runsOn: ['gpu', 'linux'] });
  expect(checked.config).toMatchObject({ argv: ['no-such-agent'], labels: ['gpu', 'linux'] });
  await expect(checkRig(testShell(), { repo, ...elsewhere, local: false })).resolves.toBeDefined();
});

test('they are looked for here where runs may be here', async () => {
  const repo = repository();
  for (const runsOn of [[], ['local']]) {
    const checked = checkRig(testShell(), { repo, ...elsewhere, runsOn });
    await expect(checked).rejects.toMatchObject({ message: expect.stringContaining('no-such-agent') });
  }
});

test('a label that can not be is refused', async () => {
  const checked = checkRig(testShell(), { repo: repository(), ...elsewhere, runsOn: ['no label'] });
  await expect(checked).rejects.toMatchObject({ message: expect.stringContaining('"no label" is no id') });
});

test('a work file may say it', () => {
  const work = { beads: [], rig: { labels: ['gpu'] } };
  expect(rigOptions({}, work, '/work.yaml').runsOn).toEqual(['gpu']);
  expect(rigOptions({ runsOn: ['linux'] }, work, '/work.yaml').runsOn).toEqual(['linux']);
});
