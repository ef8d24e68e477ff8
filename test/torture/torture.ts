/**
 * `npm run torture`: the real process on a real file, under load over HTTP, killed with SIGKILL at random moments.
 * Options: `--kills <n>` (1,000), `--seconds <s>` (no limit), `--seed <n>`, `--lanes <n>` (2: towns at a time),
 * `--per-town <n>` (60 kills, then the town may rest and is looked at from outside too).
 * `--points <n>`: deaths at so many named system calls instead, from the founding to the orderly end.
 */
import { parseArgs } from 'node:util';
import { createDice } from './dice.ts';
import { emptyTally, type Tally, torture } from './lane.ts';
import { compileCrashPoints } from './native.ts';
import { choosePoints, countCalls, dieAt, type Examined } from './points.ts';
import { bundleProgram } from './program.ts';

const BAR_CELLS = 30;
const POINT_WORK_MS = 800;
const POINTS_TOLD = 10;
const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '2' },
    'per-town': { type: 'string', default: '60' },
    points: { type: 'string' },
  },
});
const kills = Number(options.kills);
const seed = Number(options.seed);
const lanes = Number(options.lanes);
const deadline =
  options.seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(options.seconds) * 1_000;
const startedAt = Date.now();
const seconds = () => (Date.now() - startedAt) / 1_000;
const tally = emptyTally();
const say = (text: string) => void process.stdout.write(text);

function draw({ kills: done, acknowledged, problems }: Tally): void {
  const cells = Math.min(BAR_CELLS, Math.round((done * BAR_CELLS) / kills));
  const bar = `[${'█'.repeat(cells)}${'░'.repeat(BAR_CELLS - cells)}]`;
  const pace = (done / seconds()).toFixed(1);
  const text = `${bar} ${done}/${kills} kills, ${pace}/s, ${acknowledged} acknowledged, ${problems.length} problems`;
  if (process.stdout.isTTY) say(`\r\u001b[2K${text}`);
  else if (done % 100 === 0) say(`${text}\n`);
}

async function dieAtRandom(program: string): Promise<readonly string[]> {
  let begun = 0;
  const isOver = () => begun >= kills || Date.now() > deadline || tally.problems.length > 0;
  const onKill = () => {
    begun = tally.kills;
    draw(tally);
  };
  const killsPerTown = Number(options['per-town']);
  await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      torture({ program, dice: createDice(seed * 1_000 + lane), tally, isOver, killsPerTown, onKill }),
    ),
  );
  const pace = (tally.kills / seconds()).toFixed(1);
  const lines = [
    `SIGKILLs                        ${tally.kills} (${tally.early} of them while it opened), ${pace} a second`,
    `towns                           ${tally.towns}`,
    `commands                        ${tally.commands}, acknowledged ${tally.acknowledged}, refused ${tally.refused}`,
    `sent again with the same key    ${tally.repeated}, answered from the store ${tally.replayed}`,
    `log rows replayed at the end    ${tally.rows}`,
    `agent programs started          ${tally.starts}, merges ${tally.merges}`,
    `lost, doubled, torn or stuck    ${tally.problems.length}`,
  ];
  say(`${process.stdout.isTTY ? '\n' : ''}${lines.join('\n')}\n`);
  return tally.kills > 0 ? tally.problems : ['nothing was killed'];
}

async function dieAtPoints(program: string, most: number): Promise<readonly string[]> {
  const compiled = compileCrashPoints();
  if (!compiled) return ['there is no C compiler, which the named points need'];
  try {
    const at = { program, library: compiled.file, dice: createDice(seed), workMs: POINT_WORK_MS };
    const counts = await countCalls(at);
    say(`calls from founding to end: ${[...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')}\n`);
    const left = [...choosePoints(counts, most, at.dice)];
    const done: Examined[] = [];
    const work = async () => {
      for (let point = left.shift(); point && Date.now() < deadline; point = left.shift()) {
        const examined = await dieAt(point, at);
        done.push(examined);
        const text = `${done.length} points, ${left.length} to come, last ${point}`;
        if (process.stdout.isTTY) say(`\r\u001b[2K${text}`);
        else if (done.length % POINTS_TOLD === 0) say(`${text}\n`);
        for (const problem of examined.problems) say(`\n  ${problem}\n`);
      }
    };
    await Promise.all(Array.from({ length: lanes }, work));
    const reached = done.filter((one) => one.reached).length;
    const problems = done.flatMap((one) => one.problems);
    say(`\nnamed points                    ${done.length}, reached ${reached}, in ${seconds().toFixed(0)} s\n`);
    say(`lost, doubled, torn or stuck    ${problems.length}\n`);
    return reached > 0 ? problems : ['no point was reached'];
  } finally {
    compiled.remove();
  }
}

const program = await bundleProgram();
try {
  say(`seed ${seed}\n`);
  const { points } = options;
  const problems = await (points === undefined ? dieAtRandom(program.file) : dieAtPoints(program.file, Number(points)));
  say(problems.map((problem) => `  ${problem}\n`).join(''));
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  program.remove();
}
