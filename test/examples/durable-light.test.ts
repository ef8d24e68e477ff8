/** The README's example, run as it stands. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { comeBack, pressAndLeave } from './durable-light.ts';

it('L1 a light goes out by itself after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'light-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lines: string[] = [];
  const file = join(folder, 'light.db');
  await pressAndLeave(file, (line) => lines.push(line));
  await comeBack(file, (line) => lines.push(line));
  expect(lines).toEqual([
    'the light is on',
    'xstate.init: (nothing) → off',
    'PRESS: off → on',
    'xstate.after.burning.light.on: on → off',
  ]);
});
