/** Hardships of the real process that are not its death: no disk, no descriptors, a long sleep, a damaged file. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openSqliteReadOnly } from '../../src/store/sqlite.ts';
import { verifyTown } from '../../src/town/verify.ts';
import { createDice } from './dice.ts';
import { bundleProgram, type Program } from './program.ts';
import { type Life, Yard } from './yard.ts';

/** For a machine that has much else to do: what is waited for comes in a second or two on one that has not. */
const DEADLINE_MS = 240_000;
const WAIT_MS = 90_000;
const FLIPS = 60;
const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;

let program: Program;
beforeAll(async () => {
  program = await bundleProgram();
});
afterAll(() => program.remove());

type Town = {
  readonly life: Life;
  readonly url: string;
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
};
type Answer = { readonly status: number; readonly body: Record<string, unknown> };

function yard(): Yard {
  const made = new Yard(program.file);
  onTestFinished(() => made.remove());
  return made;
}

async function open(at: Yard, before: readonly string[] = []): Promise<Town> {
  const life = at.begin({ before });
  onTestFinished(() => void life.child.kill('SIGKILL'));
  const url = await life.ready;
  const headers = { authorization: `Bearer ${at.token}`, 'content-type': 'application/json' };
  const ask = async (method: string, path: string, body?: unknown) => {
    const signal = AbortSignal.timeout(WAIT_MS);
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${url}/api/v1${path}`, { method, headers, signal, ...text });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { life, url, ask };
}

async function end({ life }: Town): Promise<void> {
  life.child.kill('SIGTERM');
  expect(await life.ended, life.complaints()).toMatchObject({ code: 0 });
}

/** Asks until the answer is as it should be, or too long has passed; returns the last answer. */
async function eventually(ask: () => Promise<Answer>, isRight: (answer: Answer) => boolean): Promise<Answer> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const answer = await ask().catch(() => null);
    if (answer && (isRight(answer) || Date.now() > deadline)) return answer;
    if (Date.now() > deadline) throw new Error('no answer in time');
    await pause(100);
  }
}

const bead = (id: string) => ({ id, title: `Bead ${id}`, held: true });

describe('K6 a town that sleeps', { timeout: DEADLINE_MS }, () => {
  test('keeps its database: another one is refused meanwhile, and it goes on when it wakes', async () => {
    const at = yard();
    const town = await open(at);
    expect((await town.ask('POST', '/beads', bead('b-1'))).status).toBe(201);
    town.life.child.kill('SIGSTOP');
    const second = at.begin();
    expect((await second.ended).code).not.toBe(0);
    expect(second.complaints()).toContain(String(town.life.child.pid));
    town.life.child.kill('SIGCONT');
    expect((await town.ask('POST', '/beads', bead('b-2'))).status).toBe(201);
    expect((await town.ask('GET', '/beads/b-1')).status).toBe(200);
    await end(town);
  });
});

describe.skipIf(!mayMount)('K4 a full disk (only root can mount a small one)', { timeout: DEADLINE_MS }, () => {
  test('is answered with 503; nothing told is lost, and work goes on when there is space', async () => {
    const at = yard();
    mkdirSync(at.data, { mode: 0o700 });
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m,mode=700', 'tmpfs', at.data]).stderr.toString()).toBe('');
    onTestFinished(() => void spawnSync('umount', ['-l', at.data]));
    const town = await open(at);
    const ballast = join(at.data, 'ballast');
    expect((await town.ask('POST', '/beads', bead('b-0'))).status).toBe(201);
    spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4096', 'count=2000'], { stdio: 'ignore' });
    const told: string[] = ['b-0'];
    let refused: Answer | null = null;
    for (let n = 1; refused === null && n < 500; n += 1) {
      const wide = { ...bead(`b-${n}`), body: 'x'.repeat(20_000) };
      const answer = await town.ask('POST', '/beads', wide);
      if (answer.status === 201) told.push(`b-${n}`);
      else refused = answer;
    }
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    rmSync(ballast);
    const after = await eventually(
      () => town.ask('POST', '/beads', bead('b-after')),
      ({ status }) => status === 201,
    );
    expect(after.status).toBe(201);
    for (const id of told) expect((await town.ask('GET', `/beads/${id}`)).status, id).toBe(200);
    await end(town);
  });
});

describe.skipIf(!hasPrlimit)('K5 no descriptors left (needs prlimit)', { timeout: DEADLINE_MS }, () => {
  test('costs answers while it lasts, and nothing of the town', async () => {
    const at = yard();
    const town = await open(at, ['prlimit', '--nofile=72:72']);
    expect((await town.ask('POST', '/beads', bead('b-1'))).status).toBe(201);
    const { hostname, port } = new URL(town.url);
    const sockets: Socket[] = Array.from({ length: 200 }, () =>
      connect(Number(port), hostname).on('error', () => undefined),
    );
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    await pause(1_000);
    expect(town.life.child.exitCode, town.life.complaints()).toBeNull();
    for (const socket of sockets) socket.destroy();
    const released = await eventually(
      () => town.ask('POST', '/beads/b-1/release', {}),
      ({ status }) => status === 200,
    );
    expect(released.status).toBe(200);
    const closed = await eventually(
      () => town.ask('GET', '/beads/b-1'),
      ({ body }) => body.substate === 'closed.merged',
    );
    expect(closed.body).toMatchObject({ substate: 'closed.merged' });
    await end(town);
  });
});

describe('K3 a damaged database', { timeout: DEADLINE_MS }, () => {
  /** A town at rest, with what is in its file. */
  async function resting(): Promise<{ at: Yard; file: string }> {
    const at = yard();
    const town = await open(at);
    for (const id of ['b-1', 'b-2']) expect((await town.ask('POST', '/beads', bead(id))).status).toBe(201);
    await end(town);
    return { at, file: join(at.data, 'town.db') };
  }

  test('costs the one entity that was hit: it is quarantined, the rest goes on', async () => {
    const { at, file } = await resting();
    const bytes = readFileSync(file);
    const snapshot = bytes.indexOf(snapshotOf(file, 'b-1'));
    expect(snapshot).toBeGreaterThan(0);
    // One bit: the brace that begins its snapshot becomes another character, and the text is no JSON any more.
    bytes[snapshot] = (bytes[snapshot] ?? 0) ^ 0x10;
    writeFileSync(file, bytes);
    const town = await open(at);
    const hit = await town.ask('POST', '/beads/b-1/reset', {});
    expect(hit.status, town.life.complaints()).toBe(409);
    expect(hit.body.code).toBe('quarantined');
    expect((await town.ask('POST', '/beads/b-2/reset', {})).status).toBe(200);
    expect((await town.ask('POST', '/beads', bead('b-3'))).status).toBe(201);
    await end(town);
  });

  /** The entities of a database as text, and whether anything that we ask notices that it is damaged. */
  function judge(file: string): { readonly text: string; readonly noticed: boolean } {
    try {
      const { read, close } = openSqliteReadOnly({ file });
      try {
        const db = new Database(file, { readonly: true });
        const sound = db.pragma('quick_check', { simple: true }) === 'ok';
        db.close();
        const machines = ['agent', 'bead', 'breaker', 'container', 'rig', 'town'];
        const text = JSON.stringify(machines.map((machine) => read.entities({ machine }, { limit: 500 }).items));
        return { text, noticed: !sound || !verifyTown(read).ok };
      } finally {
        close();
      }
    } catch {
      return { text: '', noticed: true };
    }
  }

  test('is noticed, wherever one bit of an entity was turned', async () => {
    const { file } = await resting();
    const whole = readFileSync(file);
    const sound = judge(file);
    expect(sound.noticed).toBe(false);
    const dice = createDice(5);
    const figures = { noticed: 0, harmless: 0 };
    const silent: string[] = [];
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const at = Math.floor(dice.below(whole.length));
      const bit = 1 << Math.floor(dice.below(8));
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ bit;
      writeFileSync(file, damaged);
      const { text, noticed } = judge(file);
      if (noticed) figures.noticed += 1;
      else if (text === sound.text) figures.harmless += 1;
      else silent.push(`bit ${bit} of byte ${at}`);
    }
    expect(silent).toEqual([]);
    expect(figures.noticed).toBeGreaterThan(0);
  });
});

function snapshotOf(file: string, id: string): string {
  const { read, close } = openSqliteReadOnly({ file });
  const row = read.entity({ machine: 'bead', id });
  close();
  return row?.snapshot ?? 'no such bead';
}
