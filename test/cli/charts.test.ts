/** `yardmaster charts`: the machines as they run, printed and as a page. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exits } from '../../src/cli/exits.ts';
import { testShell } from './shell.ts';

test('prints one machine, or all, as text or as Mermaid source', async () => {
  const outlined = testShell();
  expect(await outlined.run('charts', 'bead')).toBe(exits.done);
  expect(outlined.out.text).toMatch(/^machine bead/);
  expect(outlined.out.text).toContain('state retryWait');
  const drawn = testShell();
  await drawn.run('charts', '--format', 'mermaid');
  expect(drawn.out.text.match(/^stateDiagram-v2$/gm)).toHaveLength(7);
});

test('writes a page with both forms of each machine', async () => {
  const shell = testShell();
  expect(await shell.run('charts', '--write', 'page.md')).toBe(exits.done);
  expect(shell.out.text).toBe('');
  const page = readFileSync(join(shell.directory, 'page.md'), 'utf8');
  expect(page.match(/^# /gm)).toHaveLength(1);
  expect(page.match(/^## (town|agent|bead|container|breaker|rig|escalation)$/gm)).toHaveLength(7);
  expect(page.match(/^```$/gm)).toHaveLength(21);
});
