/**
 * A wall clock that jumps under the real process: hours ahead as after a sleep, a day back as a person sets it, and
 * behind the log at the next start. Needs libfaketime, which Debian has.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { LogRow } from '../../src/store/port.ts';
import { openSqliteReadOnly } from '../../src/store/sqlite.ts';
import { findFaketime } from './native.ts';
import { examine } from './oracle.ts';
import { bundleProgram, type Program } from './program.ts';
import { type Life, Yard } from './yard.ts';

const TIMEOUT_MS = 600_000;
const HOUR_MS = 3_600_000;
const library = findFaketime();
const AGENT = `#!/bin/sh
cat > /dev/null
case "$YARDMASTER_BEAD" in turned) sleep 4 ;; esac
echo "$YARDMASTER_BEAD" > "$YARDMASTER_BEAD.txt"
git add -A
git commit -qm "Do $YARDMASTER_BEAD"
`;
/** As usual in a town: a machine that is busy with something else makes no run silent. */
const settings = ['heartbeatMs=1s', 'leaseMs=90s', 'suspectMs=60s', 'wedgeMs=5m', 'startTimeoutMs=60s'];

let program: Program;
beforeAll(async () => {
  if (library) program = await bundleProgram();
});
afterAll(() => program?.remove());

class FakedTown {
  readonly yard = new Yard(program.file, { agent: AGENT, settings: [...settings, 'unconfirmedMs=60s'] });
  readonly #clock = join(this.yard.root, 'clock');
  #life: Life | null = null;
  #url = '';

  /** `+2h`, `-1d`: what the wall says from now on, against the truth. */
  turn(offset: string): void {
    writeFileSync(this.#clock, offset);
  }

  async open(): Promise<void> {
    const life = this.yard.begin({
      environment: {
        ...{ LD_PRELOAD: library ?? '', FAKETIME_TIMESTAMP_FILE: this.#clock, FAKETIME_CACHE_DURATION: '1' },
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
    this.#life = life;
    this.#url = await life.ready;
  }

  async end(): Promise<void> {
    this.#life?.child.kill('SIGTERM');
    expect(await this.#life?.ended, this.#life?.complaints()).toMatchObject({ code: 0 });
  }

  remove(): void {
    this.#life?.child.kill('SIGKILL');
    this.yard.remove();
  }

  async create(id: string): Promise<void> {
    expect(await this.#ask('POST', '/beads', { id, title: `Bead ${id}` })).toMatchObject({ entity: `bead/${id}` });
  }

  async reaches(id: string, substate: string): Promise<void> {
    const look = async () => (await this.#ask('GET', `/beads/${id}`)).substate;
    await expect.poll(look, { timeout: 200_000, interval: 100 }).toBe(substate);
  }

  async now(): Promise<number> {
    return Number((await this.#ask('GET', '/town')).now);
  }

  async #ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${this.yard.token}`, 'content-type': 'application/json' };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${this.#url}/api/v1${path}`, { method, headers, ...text });
    return (await answer.json()) as Record<string, unknown>;
  }

  log(): readonly LogRow[] {
    const { read, close } = openSqliteReadOnly({ file: join(this.yard.data, 'town.db') });
    const rows = read.log({}, { limit: 1_000, order: 'asc' });
    close();
    return rows;
  }
}

test.skipIf(!library)('no run is given up for it, and no time goes back', { timeout: TIMEOUT_MS }, async () => {
  const town = new FakedTown();
  onTestFinished(() => town.remove());
  town.turn('+0');
  await town.open();
  const began = await town.now();
  await town.create('turned');
  await town.reaches('turned', 'in_progress.running');
  town.turn('+2h');
  await expect.poll(() => town.now(), { timeout: 60_000 }).toBeGreaterThan(began + 2 * HOUR_MS - 60_000);
  town.turn('-1d');
  await town.reaches('turned', 'closed.merged');
  const late = await town.now();
  expect(late).toBeGreaterThan(began + 2 * HOUR_MS - 60_000);
  await town.end();

  await town.open();
  expect(await town.now()).toBeGreaterThanOrEqual(late);
  await town.create('behind');
  await town.reaches('behind', 'closed.merged');
  await town.end();

  expect(examine(town.yard, []).problems).toEqual([]);
  const rows = town.log();
  expect(rows.filter(({ at }, index) => at < (rows[index - 1]?.at ?? 0))).toEqual([]);
  // Both were dispatched once, and nobody was silent for what the clock said.
  expect(rows.filter(({ event, rejected }) => event.type === 'DISPATCH' && rejected === null)).toHaveLength(2);
  expect(rows.filter(({ event }) => /^xstate\.after\.(lease|suspect|firstHeartbeat)/.test(event.type))).toEqual([]);
});
