/**
 * A real process, killed in the middle of its work: what it acknowledged is there, and what it began is ended by the
 * next one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { replay } from '../../src/core/replay.ts';
import { createEngine } from '../../src/engine/engine.ts';
import type { LogRow, Reads } from '../../src/store/port.ts';
import { busyMachine } from '../fixtures/busy-machine.ts';

const fixture = new URL('../fixtures/busy-engine.ts', import.meta.url).pathname;
const PAGE = 10_000;

/** Lets the process work until it acknowledged `count` events, and kills it with SIGKILL. */
async function workAndDie(file: string, count: number): Promise<{ seq: number; id: string }[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', fixture, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const acknowledged: { seq: number; id: string }[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [seq, id] = line.split(' ');
    acknowledged.push({ seq: Number(seq), id: id ?? '' });
    if (acknowledged.length === count) child.kill('SIGKILL');
  }
  await ended(child);
  return acknowledged;
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

function wholeLog(reads: Reads): LogRow[] {
  const rows: LogRow[] = [];
  for (let from = 0; ; from += PAGE) {
    const page = reads.log({}, { from, limit: PAGE, order: 'asc' });
    rows.push(...page);
    if (page.length < PAGE) return rows;
  }
}

describe('a process that is killed', () => {
  it('K1 has lost nothing that it acknowledged, and the next one ends what it began', { timeout: 20_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kill-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'busy.db');
    const acknowledged = await workAndDie(file, 150);
    expect(acknowledged.length).toBeGreaterThanOrEqual(150);

    const keys: string[] = [];
    await using engine = createEngine({
      machines: { busy: busyMachine },
      file,
      effects: {
        fetch: {
          run: async ({ key }) => {
            keys.push(key);
            return { kind: 'succeeded' };
          },
        },
      },
    });
    for (const { seq, id } of acknowledged) {
      const [row] = engine.reads.log({}, { from: seq - 1, limit: 1, order: 'asc' });
      expect(row).toMatchObject({ seq, entity: { machine: 'busy', id }, event: { type: 'GO' } });
    }

    await engine.start();
    await engine.idle();
    for (const { id } of acknowledged) {
      expect(engine.get('busy', id)).toMatchObject({
        state: 'load.full rest.over',
        context: { fetched: 1, rested: 1 },
      });
    }
    expect(new Set(keys).size).toBe(keys.length);

    const rows = wholeLog(engine.reads);
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
    const folded = replay((row) => (engine.reads.definition(row) ? engine.definition('busy') : null), rows);
    expect(folded.mismatches).toEqual([]);
    expect(folded.entities.size).toBe(new Set(rows.map(({ entity }) => entity.id)).size);
  });
});
