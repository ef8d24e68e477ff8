/** `yardmaster charts`: the machines as they run, printed and as a page. */
import { readdirSync, readFileSync } from 'node:fs';
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
  expect(page.match(/^```$/gm)).toHaveLength(14);
});

test('draws a machine, or all into a folder in both themes', async () => {
  const shell = testShell();
  expect(await shell.run('charts', 'rig', '--format', 'svg', '--theme', 'dark', '--direction', 'right')).toBe(
    exits.done,
  );
  expect(shell.out.text).toMatch(/^<svg [^>]*class="chart right"[\s\S]*<\/svg>\n$/);
  expect(shell.out.text).toContain('--page: #0f1115');
  expect(shell.out.text).toContain('id="state-active"');
  const folder = testShell();
  expect(await folder.run('charts', 'rig', '--format', 'svg', '--write', 'pictures')).toBe(exits.done);
  expect(readdirSync(join(folder.directory, 'pictures')).sort()).toEqual(['rig-dark.svg', 'rig-light.svg']);
});

test('tells what can be closed, and that a picture is of one machine', async () => {
  const closed = testShell();
  expect(await closed.run('charts', '--machine', 'bead', '--format', 'svg', '--collapse', 'nowhere')).toBe(exits.usage);
  expect(closed.errors.text).toContain("bead has no state 'nowhere' that can be closed; it has: open, in_progress,");
  const many = testShell();
  expect(await many.run('charts', '--format', 'svg')).toBe(exits.usage);
  expect(many.errors.text).toContain('svg shows one machine: name it, or write all into a folder with --write');
});

test('gives a machine as data, for itself and for XState', async () => {
  const chart = testShell();
  await chart.run('charts', 'rig', '--format', 'json');
  const { machine, nodes } = JSON.parse(chart.out.text) as { machine: string; nodes: { id: string }[] };
  expect([machine, ...nodes.slice(0, 2).map(({ id }) => id)]).toEqual(['rig', '(root)', 'active']);
  const config = testShell();
  await config.run('charts', '--format', 'xstate');
  const { bead, rig } = JSON.parse(config.out.text) as Record<string, { id: string; initial: string }>;
  expect([bead?.id, bead?.initial, rig?.initial]).toEqual(['bead', 'open', 'active']);
  const layout = testShell();
  await layout.run('charts', 'bead', '--format', 'layout', '--collapse', 'open,in_progress,failed,closed');
  expect(JSON.parse(layout.out.text)).toMatchObject({ machine: 'bead', brief: true, direction: 'down' });
});
