/** The short form of `npm run torture -- --points`: a death in the founding, and one right after a fork. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDice } from './dice.ts';
import { compileCrashPoints } from './native.ts';
import { choosePoints, dieAt } from './points.ts';
import { bundleProgram, type Program } from './program.ts';

const library = compileCrashPoints();
let program: Program;
beforeAll(async () => {
  if (library) program = await bundleProgram();
});
afterAll(() => {
  library?.remove();
  program?.remove();
});

test('points are spread over the calls of each kind, and few are taken all', () => {
  const counts = new Map([
    ['write', 1_000],
    ['mkdir', 1],
    ['fork', 0],
  ]);
  const points = choosePoints(counts, 8, createDice(1));
  expect(points).toHaveLength(6);
  expect(points.filter((point) => point.startsWith('mkdir'))).toEqual(['mkdir:1:before', 'mkdir:1:after']);
  expect(new Set(points).size).toBe(6);
});

test.skipIf(!library).concurrent.each(['write:40:before', 'fork:4:after'])(
  'a death at %s loses nothing and doubles nothing',
  { timeout: 600_000 },
  async (point) => {
    const options = { program: program.file, library: library?.file ?? '', dice: createDice(3), workMs: 250 };
    expect(await dieAt(point, options)).toEqual({ point, reached: true, problems: [] });
  },
);
