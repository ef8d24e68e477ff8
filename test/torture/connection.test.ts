/** A slow line that is cut in the middle of answers: what was asked is done once, however often it has to be asked. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openSqliteReadOnly } from '../../src/store/sqlite.ts';
import { createDice } from './dice.ts';
import { rest } from './lane.ts';
import { Load } from './load.ts';
import { examine, examineOutside } from './oracle.ts';
import { bundleProgram, type Program } from './program.ts';
import { createLine, type Line, type LineOptions } from './proxy.ts';
import { type Crew, type Life, Yard } from './yard.ts';

const TIMEOUT_MS = 600_000;
const ENOUGH = 60;
const NOTES = 4;

/** Commits, says over the line what it did, and repeats each report under its key until it is answered. */
const REPORTER = `#!/bin/sh
exec node --input-type=module - <<'END'
import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
const { LEDGER, LINE, YARDMASTER_AGENT: agent, YARDMASTER_BEAD: bead, YARDMASTER_TOKEN: token } = process.env;
const epoch = Number(process.env.YARDMASTER_EPOCH);
appendFileSync(LEDGER, \`\${agent} \${epoch} \${bead} \${Date.now()}\\n\`);
writeFileSync(\`\${bead}.txt\`, bead);
execFileSync('git', ['add', '-A']);
execFileSync('git', ['commit', '-qm', \`Do \${bead}\`]);
async function report(said, key) {
  for (;;) {
    appendFileSync(LEDGER + '.sent', key + '\\n');
    const headers = { authorization: \`Bearer \${token}\`, 'content-type': 'application/json', 'idempotency-key': key };
    const body = JSON.stringify({ ...said, epoch });
    try {
      const answer = await fetch(\`\${LINE}/api/v1/agents/\${agent}/events\`, { method: 'POST', headers, body });
      await answer.text();
      if (answer.ok) return;
      appendFileSync(LEDGER + '.refused', key + ' ' + answer.status + '\\n');
    } catch {}
  }
}
for (let note = 1; note <= ${NOTES}; note += 1) {
  await report({ type: 'progress', note: \`\${bead} \${note}\` }, \`\${bead}-\${epoch}-\${note}\`);
}
await report({ type: 'done', summary: bead }, \`\${bead}-\${epoch}-done\`);
END
`;

let program: Program;
beforeAll(async () => {
  program = await bundleProgram();
});
afterAll(() => program.remove());

type Place = { readonly yard: Yard; readonly line: Line; readonly life: Life; readonly url: string };

async function open(options: LineOptions, crewOf: (line: Line) => Crew = () => ({})): Promise<Place> {
  const line = await createLine(options);
  onTestFinished(() => line.close());
  const yard = new Yard(program.file, crewOf(line));
  onTestFinished(() => yard.remove());
  const life = yard.begin();
  onTestFinished(() => void life.child.kill('SIGKILL'));
  const url = await life.ready;
  line.lead(url);
  return { yard, line, life, url };
}

test('commands over it are each done once', { timeout: TIMEOUT_MS }, async () => {
  const { yard, line, life } = await open({ pieceBytes: 400, pauseMs: 1, cutEvery: 7 });
  const load = new Load(createDice(8), () => yard.token);
  while (load.figures.acknowledged < ENOUGH || load.figures.replayed === 0) {
    const enough = new AbortController();
    const watch = setInterval(() => load.figures.acknowledged >= ENOUGH && enough.abort(), 20);
    await load.work(line.url, enough.signal);
    clearInterval(watch);
  }
  life.child.kill('SIGTERM');
  expect(await life.ended, life.complaints()).toMatchObject({ code: 0 });
  expect(line.cuts()).toBeGreaterThan(0);
  expect([...load.problems, ...examine(yard, load.commands).problems]).toEqual([]);
  expect(await rest(yard, load)).toEqual([]);
});

test('reports of runs over it are each taken once', { timeout: TIMEOUT_MS }, async () => {
  const crewOf = ({ url }: Line) => ({ agent: REPORTER, variables: { LINE: url } });
  const { yard, line, life, url } = await open({ pieceBytes: 200, pauseMs: 1, cutEvery: 3 }, crewOf);
  const headers = { authorization: `Bearer ${yard.token}`, 'content-type': 'application/json' };
  for (const id of ['b-1', 'b-2']) {
    const body = JSON.stringify({ id, title: `Bead ${id}` });
    expect((await fetch(`${url}/api/v1/beads`, { method: 'POST', headers, body })).status).toBe(201);
  }
  const stateOf = async (id: string) => {
    const answer = await fetch(`${url}/api/v1/beads/${id}`, { headers });
    return ((await answer.json()) as { substate: string }).substate;
  };
  const isOver = (state: string) => /^(closed|failed)\./.test(state);
  const states = () => Promise.all(['b-1', 'b-2'].map(stateOf));
  await expect.poll(async () => (await states()).every(isOver), { timeout: 500_000, interval: 200 }).toBe(true);
  expect(await states()).toEqual(['closed.merged', 'closed.merged']);
  life.child.kill('SIGTERM');
  expect(await life.ended, life.complaints()).toMatchObject({ code: 0 });
  expect(line.cuts()).toBeGreaterThan(2);
  expect(examineOutside(yard, { deaths: [], slackMs: 15_000 })).toEqual([]);
  expect(said(yard)).toEqual(
    ['b-1', 'b-2'].flatMap((bead) => [...[1, 2, 3, 4].map((note) => `PROGRESS ${bead} ${note}`), `DONE ${bead}`]),
  );
});

/** What the town took of its runs, in order of the beads. */
function said(yard: Yard): readonly string[] {
  const { read, close } = openSqliteReadOnly({ file: join(yard.data, 'town.db') });
  const rows = read.log({}, { limit: 1_000, order: 'asc' });
  close();
  const taken = rows.filter(({ rejected, event }) => rejected === null && ['PROGRESS', 'DONE'].includes(event.type));
  const words = taken.map(({ event }) => `${event.type} ${String(event.note ?? event.summary)}`);
  const beadOf = (text: string) => text.split(' ')[1] ?? '';
  return words.sort((one, other) => beadOf(one).localeCompare(beadOf(other)));
}
