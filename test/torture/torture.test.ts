/** The short form of `npm run torture`: twenty deaths of the real process, with everything asked after each. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createDice } from './dice.ts';
import { emptyTally, torture } from './lane.ts';
import { Load } from './load.ts';
import { examine, examineOutside } from './oracle.ts';
import { bundleProgram, type Program } from './program.ts';
import { Yard } from './yard.ts';

const KILLS = 20;

let program: Program;
beforeAll(async () => {
  program = await bundleProgram();
});
afterAll(() => program.remove());

test('K1 twenty SIGKILLs lose no acknowledged command and double none', { timeout: 600_000 }, async () => {
  const tally = emptyTally();
  const isOver = () => tally.kills >= KILLS;
  const lane = (seed: number) =>
    torture({ program: program.file, dice: createDice(seed), tally, isOver, killsPerTown: KILLS / 2 });
  await Promise.all([lane(1), lane(2)]);
  expect(tally.problems).toEqual([]);
  expect(tally.kills).toBeGreaterThanOrEqual(KILLS);
  expect(tally.acknowledged).toBeGreaterThan(KILLS);
});

test('what is lost, doubled or started too late is noticed', { timeout: 240_000 }, async () => {
  const yard = new Yard(program.file);
  onTestFinished(() => yard.remove());
  const life = yard.begin();
  const load = new Load(createDice(1), () => yard.token);
  const enough = new AbortController();
  const working = load.work(await life.ready, enough.signal);
  while (load.figures.acknowledged < 20) await new Promise((resolve) => setTimeout(resolve, 20));
  life.child.kill('SIGKILL');
  await life.ended;
  enough.abort();
  await working;
  expect(examine(yard, load.commands).problems).toEqual([]);
  const [first] = load.commands.filter(({ seq }) => seq !== null);
  if (!first) throw new Error('a command should have been acknowledged');
  expect(examine(yard, [{ ...first, seq: 10_000 }]).problems).toEqual([expect.stringContaining('which is lost')]);
  expect(examine(yard, [{ ...first, seq: (first.seq ?? 0) - 1 }]).problems).toHaveLength(1);

  appendFileSync(join(yard.root, 'ledger'), 'polecat-1 99 b-none 1\npolecat-1 99 b-none 2\n');
  expect(examineOutside(yard, { deaths: [], slackMs: 3_000 })).toEqual(
    expect.arrayContaining([expect.stringContaining('knows nothing of it'), expect.stringContaining('started twice')]),
  );
});
