/** A long log and many entities: no question walks all of it. The figures of ten times as much: `run.ts`. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../store/folders.ts';
import { measure, paceText, STALL_MS, tooMuch } from './pace.ts';

const folder = temporaryFolder();
/** Code that has not run often is slow, and here everything runs for the first time. */
const COLD = 2;

test('every question is answered soon on a long log, in short turns', async () => {
  const paces = await measure(join(folder(), 'large.db'), { entities: 2_000, rows: 100_000 }, 3);
  const slow = paces.filter((pace) => tooMuch(pace, COLD * STALL_MS) !== '').map(({ question }) => question);
  expect(slow, paceText(paces)).toEqual([]);
});
