/**
 * A long log and 200 commits in a second: pages go on drawing. A tenth of the size in `npm test`; all of it, 10,000
 * entities and 1,000,000 rows, in `npm run test:browser -- --full`. How soon the server answers: `bench:inspector`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/engine/engine.ts';
import { createSystemEnv } from '../../src/env/system.ts';
import { localHosts, openSocket } from '../../src/http/socket.ts';
import { inspector } from '../../src/inspector/mount.ts';
import { job, jobDescription } from '../inspector/jobs.ts';
import { makeLarge } from '../inspector/large/fixture.ts';
import { PATIENCE_MS } from './chromium.ts';
import { hasChromium, stageOf } from './stage.ts';
import { visit } from './visit.ts';

const isFull = process.env.YARDMASTER_BROWSER_SIZE === 'full';
const size = isFull ? { entities: 10_000, rows: 1_000_000 } : { entities: 1_000, rows: 100_000 };
const PAUSE_MAX_MS = 200;
/** What others do to this machine slows some looks; what we do slows all of them. */
const LOOKS_MAX = 8;
const LOOK_MS = 1_500;
const COMMITS_PER_S = 200;
const BURST_MS = 25;
const NEVER = { build: { run: () => new Promise<never>(() => undefined) } };

/** An engine with that much in it, served; `busy` makes it commit until it is called off. */
async function servedEngine() {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-pace-'));
  const file = join(folder, 'large.db');
  const env = createSystemEnv({ log: () => undefined });
  makeLarge(file, env, size);
  const engine = createEngine({ machines: { job }, file, env, effects: NEVER, limits: { graceMs: 1 } });
  await engine.start();
  const hosts = new Set<string>();
  const app = new Hono();
  app.route('/inspector', inspector(engine, { machines: [jobDescription], hosts }));
  const socket = await openSocket(app.fetch, { host: '127.0.0.1', port: 0 });
  for (const name of localHosts('127.0.0.1', socket.port)) hosts.add(name);
  const url = `http://127.0.0.1:${socket.port}`;
  let commits = 0;
  const busy = () => {
    const timer = setInterval(() => {
      for (let left = (COMMITS_PER_S * BURST_MS) / 1_000; left > 0; left -= 1) {
        commits += 1;
        void engine.create('job', `busy-${commits}`, { name: `Busy ${commits}` });
      }
    }, BURST_MS);
    return () => clearInterval(timer);
  };
  return {
    ...{ url, link: `${url}/inspector/`, busy },
    async [Symbol.asyncDispose]() {
      await socket.close(env);
      await engine[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The longest pause between two frames in ms, over a while. */
function longestPause(page: Page): Promise<number> {
  return page.evaluate(
    (forMs) =>
      new Promise<number>((resolve) => {
        let [longest, last] = [0, performance.now()];
        const end = last + forMs;
        requestAnimationFrame(function frame(now) {
          longest = Math.max(longest, now - last);
          last = now;
          if (now < end) requestAnimationFrame(frame);
          else resolve(longest);
        });
      }),
    LOOK_MS,
  );
}

describe.skipIf(!hasChromium)('the inspector while much happens', { timeout: 3 * PATIENCE_MS }, () => {
  const stage = stageOf(servedEngine);

  it.each(['', 'machines/job', 'log'])('/%s draws on at 200 commits a second', async (path) => {
    const { page, context, faults } = await stage.reader();
    await visit(page, stage.town(), path);
    const seq = await page.locator('.seq').innerText();
    const calm = stage.town().busy();
    const pauses: number[] = [];
    try {
      do pauses.push(await longestPause(page));
      while (pauses.length < LOOKS_MAX && (pauses.at(-1) ?? 0) > PAUSE_MAX_MS);
    } finally {
      calm();
    }
    expect(Math.min(...pauses), `each look: ${pauses.join(', ')} ms`).toBeLessThanOrEqual(PAUSE_MAX_MS);
    expect(await page.locator('.seq').innerText()).not.toBe(seq);
    expect(faults.lines).toEqual([]);
    await context.close();
  });
});
