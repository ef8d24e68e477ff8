/**
 * `npm run torture`: the real process on a real file, under load over HTTP, killed with SIGKILL at random moments.
 * Options: `--kills <n>` (1,000), `--seconds <s>` (no limit), `--seed <n>`, `--lanes <n>` (2: towns at a time),
 * `--per-town <n>` (60 kills, then the town may rest and is looked at from outside too).
 */
import { parseArgs } from 'node:util';
import { createDice } from './dice.ts';
import { emptyTally, type Tally, torture } from './lane.ts';
import { bundleProgram } from './program.ts';

const BAR_CELLS = 30;
const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '2' },
    'per-town': { type: 'string', default: '60' },
  },
});
const kills = Number(options.kills);
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

let begun = 0;
const isOver = () => begun >= kills || Date.now() > deadline || tally.problems.length > 0;
const program = await bundleProgram();
try {
  const lanes = Array.from({ length: Number(options.lanes) }, (_, lane) =>
    torture({
      program: program.file,
      dice: createDice(Number(options.seed) * 1_000 + lane),
      tally,
      isOver,
      killsPerTown: Number(options['per-town']),
      onKill: () => {
        begun = tally.kills;
        draw(tally);
      },
    }),
  );
  await Promise.all(lanes);
} finally {
  program.remove();
}
if (process.stdout.isTTY) say('\n');
const lines = [
  `SIGKILLs                        ${tally.kills} (${tally.early} of them while it opened), ${(tally.kills / seconds()).toFixed(1)} a second`,
  `towns                           ${tally.towns}`,
  `commands                        ${tally.commands}, acknowledged ${tally.acknowledged}, refused ${tally.refused}`,
  `sent again with the same key    ${tally.repeated}, answered from the store ${tally.replayed}`,
  `log rows replayed at the end    ${tally.rows}`,
  `agent programs started          ${tally.starts}, merges ${tally.merges}`,
  `lost, doubled, torn or stuck    ${tally.problems.length}`,
];
say(`${lines.join('\n')}\n${tally.problems.map((problem) => `  ${problem}\n`).join('')}`);
process.exitCode = tally.problems.length === 0 && tally.kills > 0 ? 0 : 1;
