/** A recorded time under other settings: the record itself comes out again, and a change shows what it would change. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSystemEnv } from '../../src/env/system.ts';
import { Fold } from '../../src/incidents/fold.ts';
import type { PlayedIncident } from '../../src/incidents/format.ts';
import { parseIncident } from '../../src/incidents/read.ts';
import { replay } from '../../src/incidents/replay.ts';
import { parseRows, type RecordedRow } from '../../src/simulator/what-if/rows.ts';
import { whatIf } from '../../src/simulator/what-if.ts';
import type { LogRow } from '../../src/store/port.ts';
import { createTown } from '../../src/town/town.ts';
import { inFolder } from './towns.ts';

const exported = (rows: readonly LogRow[]) => parseRows(rows.map((row) => JSON.stringify(row)).join('\n'));

/** Three runs that crash, then one that is done; a person holds another bead for a while; a setting is changed. */
const HISTORY = `
id: history
title: a week
story: a week
policy: { backoffMs: [60s], jitter: 0.2 }
agents: [p1, p2]
beads: [{ id: b1 }, { id: b2, held: true }]
script:
  - at: 0s
    runs: [{ bead: b1, first: 3, exits: { after: 2m, code: 1 }, costs: { usd: 1.5 } }, { done: { after: 5m } }]
  - { at: 0s, merges: { answer: merged, takes: 30s } }
  - { at: 3m, policy: { leaseMs: 2m } }
  - { at: 20m, send: { to: bead/b2, event: RELEASE } }
until: 1h
expect: [{ of: bead/b1, ends: closed }]
`;

const recorded = (directory: string) =>
  replay(parseIncident(HISTORY, 'history.yaml') as PlayedIncident, {
    ...{ variation: { kind: 'plain' }, directory, fold: new Fold() },
  });

it('reproduces a simulated record to the last state, and says so when a row is another', async () => {
  await inFolder(async (directory) => {
    const rows = exported((await recorded(directory)).rows);
    const same = await whatIf({ rows, patch: { backoffMs: [60_000] }, seed: 1, directory });
    expect(same.changed).toEqual([]);
    expect(same.reproduction).toMatchObject({ rows: rows.length, differences: [] });
    expect(same.recorded).toMatchObject({ beads: 2, closed: 2, attempts: 5, spentUsd: 4.5 });
    const forged = rows.map(
      (row): RecordedRow => (row.after === 'closed.merged' ? { ...row, after: 'open.ready' } : row),
    );
    const other = await whatIf({ rows: forged, patch: {}, seed: 1, directory });
    expect(other.reproduction.differences[0]).toContain('bead/b1 is open.ready');
  });
});

it('plays what was recorded under other settings, and draws what was not', async () => {
  await inFolder(async (directory) => {
    const rows = exported((await recorded(directory)).rows);
    const strict = await whatIf({ rows, patch: { runsMax: 2 }, seed: 1, directory });
    expect(strict.changed).toEqual(['runsMax']);
    // The model of the record is the record: the same attempts, to the same ends, with none drawn.
    expect(strict.modelled?.figures).toMatchObject({ closed: 2, failed: 0, attempts: 5, spentUsd: 4.5 });
    expect(strict.modelled?.drawn).toEqual([]);
    expect(strict.other?.figures).toMatchObject({ closed: 1, failed: 1, attempts: 3, spentUsd: 3 });
    expect(strict.other?.violations).toEqual([]);
  });
});

it('draws attempts that the record does not have, the same ones each time', async () => {
  await inFolder(async (directory) => {
    const history = HISTORY.replace('backoffMs', 'runsMax: 1, backoffMs').replace(
      'b1, ends: closed',
      'b1, ends: failed',
    );
    const incident = parseIncident(history, 'history.yaml') as PlayedIncident;
    const played = await replay(incident, { variation: { kind: 'plain' }, directory, fold: new Fold() });
    const options = { rows: exported(played.rows), patch: { runsMax: 5 }, seed: 3, directory };
    const [one, again] = [await whatIf(options), await whatIf(options)];
    expect(one.recorded).toMatchObject({ closed: 1, failed: 1 });
    expect(one.other?.drawn[0]).toEqual({ bead: 'b1', attempt: 2 });
    expect(again).toEqual(one);
  });
});

it('reproduces the record of a real town: processes, git, and a database file', async () => {
  await inFolder(async (directory) => {
    const path = join(directory, 'repository');
    mkdirSync(path);
    const git = (...words: string[]) =>
      execFileSync('git', ['-C', path, '-c', 'user.name=t', '-c', 'user.email=t@t', ...words]);
    git('init', '-q', '-b', 'main');
    git('commit', '-qm', 'first', '--allow-empty');
    const program = join(directory, 'agent.sh');
    writeFileSync(program, 'git -c user.name=a -c user.email=a@b commit -qm work --allow-empty\n');
    const env = createSystemEnv({ log: () => undefined });
    const config = {
      path,
      branch: 'main',
      argv: ['/bin/sh', program],
      promptBy: 'stdin' as const,
      test: [],
      merge: true,
    };
    await using town = await createTown({
      ...{ directory: join(directory, 'town'), env, environment: { PATH: process.env.PATH ?? '' }, onClose: 'stop' },
      ...{ rigs: { r: { ...config, env: {}, secrets: {} } }, agents: [{ id: 'p1', rig: 'r' }] },
    });
    await town.createBeads([{ id: 'b1', title: 'b1' }]);
    await town.settled();
    const rows = exported(town.log({}, { limit: 500, order: 'asc' }));
    const same = await whatIf({ rows, patch: {}, seed: 1, directory });
    expect(same.recorded.attempts).toBeGreaterThan(0);
    expect(same.reproduction).toMatchObject({ rows: rows.length, differences: [] });
  });
}, 60_000);

it('refuses what is no record of a town', () => {
  expect(() => parseRows('{"seq":1}')).toThrow('line 1 of the history is no row of a log');
  expect(() => parseRows('')).toThrow('does not begin with the founding');
});
