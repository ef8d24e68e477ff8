/** The bench runs: each of its sections, on next to nothing, and the floor writes what the engine writes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { runBench } from './bench.ts';
import { openFloor } from './floor.ts';
import { reportGrowth } from './growth.ts';
import { fill, openBench, work } from './lifecycle.ts';
import { Report } from './report.ts';
import { reportW2 } from './timers.ts';
import { reportTownSize } from './town-size.ts';
import { reportW1 } from './w1.ts';
import { reportW3 } from './w3.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The lines that a section prints; each figure is a number. */
async function printed(section: (report: Report) => Promise<void>): Promise<string> {
  const lines: string[] = [];
  await section(new Report((line) => lines.push(line)));
  const text = lines.join('\n');
  expect(text).not.toContain('NaN');
  return text;
}

describe('the bench', { timeout: 20_000 }, () => {
  it('W1 measures engine, floor and work by hand', async () => {
    const options = { folder, items: 64, rounds: 1, backlog: 100, seconds: 0.1 };
    const text = await printed((report) => reportW1(report, options));
    expect(text).toMatch(/engine, items\/s +[\d,.]+ +≥ 4,000 +(met|missed)/);
    expect(text).toContain('engine / floor');
    expect(text).toContain('engine / by hand');
    expect(text).toContain('with / without the backlog');
    expect(text).toContain('p99 ms');
  });

  it('W2 measures timers', async () => {
    const options = { folder, pending: 100, fired: 5, idleMs: 10, restMs: 10 };
    const text = await printed((report) => reportW2(report, options));
    expect(text).toContain('fired after due, p99 ms');
    expect(text).toContain('processor while idle, %');
  });

  it('W3 measures the API, which answers what was asked', async () => {
    const options = { folder, seconds: 0.1, connections: 4, beads: 20, apart: false };
    const text = await printed((report) => reportW3(report, options));
    expect(text).toContain('POST one bead, /s');
    expect(text).toContain('GET a page of 50 by label, /s');
    expect(text).not.toContain('answers other than');
  });

  it('measures growth', async () => {
    const options = { folder, sizes: [70, 140], rounds: 1, times: 1, napMs: 50 };
    const text = await printed((report) => reportGrowth(report, options));
    for (const kind of ['dispatch', 'heartbeat', 'tick']) expect(text).toContain(`one ${kind}, most / fewest`);
  });

  it('measures the town', async () => {
    const options = { folder, beads: 20, agents: 3, apart: false };
    const text = await printed((report) => reportTownSize(report, options));
    expect(text).toContain('Town of 20 open beads and 3 agents');
    expect(text).toContain('memory when all agents work, MB');
  });

  it('measures what is asked for', async () => {
    const lines: string[] = [];
    await runBench(['--only', 'nothing', '--dir', folder], (line) => lines.push(line));
    expect(lines.at(0)).toMatch(/^Node v\d+.*processors$/);
    expect(lines.at(-1)).toBe('0 of 0 goals are met');
  });

  it('tells which goals are missed', () => {
    const lines: string[] = [];
    const report = new Report((line) => lines.push(line));
    report.row('speed', 4_000, { atLeast: 4_000 });
    report.row('delay', 2.5, { atMost: 2 });
    report.row('size', 12_345);
    report.end();
    expect(lines.map((line) => line.replace(/ +/g, ' ').trim())).toEqual([
      'figure value goal verdict',
      'speed 4,000 ≥ 4,000 met',
      'delay 2.50 ≤ 2 missed',
      'size 12,345',
      '',
      '1 of 2 goals are met',
      'missed: delay',
    ]);
  });
});

/** What a database holds, told without names, keys and times. */
const contents = {
  entities: 'SELECT machine, status, state, rev, count(*) AS count FROM entity GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4',
  populations: 'SELECT machine, state, population FROM leaf WHERE population > 0 ORDER BY 1, 2',
  places: `SELECT l.machine, l.state, count(*) AS count FROM place p JOIN leaf l ON l.key = p.leaf
    GROUP BY 1, 2 ORDER BY 1, 2`,
  timers: 'SELECT id, name, liveness, count(*) AS count FROM timer GROUP BY 1, 2, 3',
  outbox:
    'SELECT type, status, attempt, scope, params, note, count(*) AS count FROM outbox GROUP BY 1, 2 ORDER BY 1, 2',
  // A heartbeat leaves a row once a minute: a sample, not a part of the work.
  log: `SELECT n.machine, t.text AS type, b.text AS before, a.text AS after, k.text AS taken, l.event IS NULL AS bare,
      l.cause IS NULL AS root, count(*) AS count
    FROM log l JOIN name n ON n.key = l.entity JOIN word t ON t.key = l.type
    LEFT JOIN word b ON b.key = l.before LEFT JOIN word a ON a.key = l.after LEFT JOIN word k ON k.key = l.taken
    WHERE t.text NOT IN ('BEAT', 'xstate.init') GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2`,
};

function contentsOf(file: string): Record<string, unknown[]> {
  const db = new Database(file, { readonly: true });
  const entries = Object.entries(contents).map(([name, sql]) => [name, db.prepare(sql).all()]);
  db.close();
  return Object.fromEntries(entries) as Record<string, unknown[]>;
}

it('the floor writes the rows that the engine writes', async () => {
  const [workers, items] = [4, 8];
  const files = { engine: join(folder, 'same-engine.db'), floor: join(folder, 'same-floor.db') };
  const { engine, close } = await openBench(files.engine);
  await fill(engine, { machine: 'worker', prefix: 'w', count: workers });
  await fill(engine, { machine: 'item', prefix: 'i', count: items });
  await work(engine, { prefix: 'i', count: items, width: workers });
  await engine.idle();
  await close();
  const floor = openFloor(files.floor, { workers, items });
  floor.work({ count: items, width: workers });
  floor.close();
  // The floor's parameters stand for those of any item: numbers in them differ.
  const plain = (text: string) => text.replace(/"\{\\"epoch\\":\d+\}"/g, '"epoch"');
  const read = (file: string) => JSON.parse(plain(JSON.stringify(contentsOf(file)))) as unknown;
  expect(read(files.floor)).toEqual(read(files.engine));
});
