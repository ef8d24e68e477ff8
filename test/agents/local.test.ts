/** The container on this machine: the contract of all containers, and what is its own. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { containerContract, processContract } from './container-contract.ts';
import { container, folder, never, Reports, repository, script, write } from './workshop.ts';

function setUp(more: { heartbeatMs?: number } = {}) {
  const root = folder();
  const path = repository();
  const local = container({ root, ...more });
  return { root, path, local, reports: new Reports(local) };
}

containerContract(setUp);
processContract(setUp);

test('a root that can not be written refuses for now, because nothing was started', async () => {
  const [root, path] = [folder(), repository()];
  write(root, { file: '' });
  const local = container({ root: join(root, 'file') });
  expect(await local.start(script('true', { path }), never)).toMatchObject({ kind: 'refused', permanent: false });
  expect(await local.probe({ agent: 'toast', epoch: 1 })).toBe('unknown');
});

test('everything that is kept is for its owner only', async () => {
  const { root, path, local, reports } = setUp();
  await local.start(script('echo output; sleep 60', { path }), never);
  await reports.next('heartbeat');
  const modes = (at: string): string[] =>
    readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
      const full = join(at, entry.name);
      if (entry.name === 'worktrees') return [];
      const open = (statSync(full).mode & 0o077) !== 0 ? [full] : [];
      return entry.isDirectory() ? [...open, ...modes(full)] : open;
    });
  expect(modes(root)).toEqual([]);
});
