/** What a reader sees: whole charts in letters that can be read, on small screens too, and without script. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EntityPage } from '../../src/inspector/contract.ts';
import type { PreviewView } from '../../src/inspector/contract-commands.ts';
import { openReader, PATIENCE_MS } from './chromium.ts';
import { machines, screens } from './screens.ts';
import type { Reader, Stage } from './stage.ts';
import { visit } from './visit.ts';

const LETTERS_MIN_PX = 11;

/** Of the chart in front: the smallest letters as they are shown, and the states that are not wholly in sight. */
const measureChart = () => {
  const svg = document.querySelector<SVGSVGElement>('.chart-stage svg.chart');
  const stage = document.querySelector('.chart-stage')?.getBoundingClientRect();
  if (!svg || !stage) return null;
  const texts = [...svg.querySelectorAll('text')].map((text) => ({
    text: text.textContent ?? '',
    px: Number.parseFloat(getComputedStyle(text).fontSize) * (text.getScreenCTM()?.a ?? 0),
  }));
  const outside = [...svg.querySelectorAll('[data-state]')].filter((state) => {
    const { left, right, top, bottom } = state.getBoundingClientRect();
    return left < stage.left - 1 || right > stage.right + 1 || top < stage.top - 1 || bottom > innerHeight + 1;
  });
  return {
    smallest: texts.reduce((least, one) => (one.px < least.px ? one : least), { text: '', px: 99 }),
    outside: outside.map((state) => state.getAttribute('data-state')),
  };
};

/** Elements that make the page itself wider than the window. */
const widerThanWindow = () => {
  const main = document.querySelector('main');
  const wide = [document.documentElement, ...(main ? [main] : [])].filter(
    (element) => element.scrollWidth > element.clientWidth + 1,
  );
  if (wide.length === 0) return [];
  const guilty = [...document.querySelectorAll('main *, .drawer *')].filter(
    (element) => element.getBoundingClientRect().right > innerWidth + 1,
  );
  return guilty.slice(0, 4).map((element) => `${element.tagName} ${element.className}`);
};

export function readableTests(stage: Stage): void {
  describe('to be read', () => {
    let reader: Reader;
    let page: Page;
    beforeAll(async () => {
      reader = await stage.reader();
      page = reader.page;
    }, 2 * PATIENCE_MS);

    it.each(machines)('the chart of %s is whole at 1280 × 800, in letters of 11 px and more', async (machine) => {
      await visit(page, stage.town(), `machines/${machine}`);
      const seen = await page.evaluate(measureChart);
      expect(seen?.outside).toEqual([]);
      expect(seen?.smallest.px, seen?.smallest.text).toBeGreaterThanOrEqual(LETTERS_MIN_PX);
    });

    it('offers what the state accepts, and nothing else', async () => {
      const api = `${stage.town().url}/inspector/api/entities`;
      const headers = { origin: stage.town().url, 'content-type': 'application/json' };
      for (const ref of ['bead/orders-v2', 'bead/tax-rounding', 'bead/dark-theme', 'agent/maple', 'breaker/town']) {
        await visit(page, stage.town(), `entities/${ref}`);
        const offered = await page.locator('.action-row button').evaluateAll((all) => all.length);
        const { actions } = (await (await page.request.get(`${api}/${ref}`)).json()) as EntityPage;
        expect(offered).toBe(actions.length);
        for (const { event, payload } of actions.filter(
          ({ payload }) => payload === null || payload.required === undefined,
        )) {
          const answer = await page.request.post(`${api}/${ref}/preview`, { headers, data: { event } });
          const preview = (await answer.json()) as PreviewView;
          expect(preview.accepted, `${ref} ${event} ${JSON.stringify(payload)}: ${preview.why}`).toBe(true);
        }
      }
      await visit(page, stage.town(), 'entities/bead/orders-v2');
      expect(await page.locator('.action-row').count()).toBe(0);
    });

    it('did nothing wrong on the way', () => {
      expect(reader.faults.lines).toEqual([]);
    });
  });

  describe('on small screens', () => {
    const windows = [
      { name: 'a phone of 360 px', viewport: { width: 360, height: 740 }, deviceScaleFactor: 1 },
      { name: 'a desk at 200 %', viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
    ];
    it.each(windows)('nothing is wider than $name', { timeout: 4 * PATIENCE_MS }, async ({ name: _, ...window }) => {
      const { page, context, faults } = await stage.reader(window);
      for (const { name, path } of screens) {
        await visit(page, stage.town(), path);
        expect(await page.evaluate(widerThanWindow), name).toEqual([]);
      }
      await visit(page, stage.town(), 'machines/bead?drawer=entity:bead/image-upload');
      const drawer = await page.locator('.drawer').boundingBox();
      expect(drawer).toMatchObject({ x: 0, width: window.viewport.width });
      expect(faults.lines).toEqual([]);
      await context.close();
    });
  });

  it('moves nothing for who wants no motion', async () => {
    const { page, context } = await stage.reader({ reducedMotion: 'reduce' });
    await visit(page, stage.town(), 'machines/bead');
    const seq = await page.locator('.seq').innerText();
    const { town } = stage.town();
    await town.send({ machine: 'bead', id: 'newsletter' }, { type: 'HOLD' });
    await page.waitForFunction((was) => document.querySelector('.seq')?.textContent !== was, seq);
    await town.send({ machine: 'bead', id: 'newsletter' }, { type: 'RELEASE' });
    expect(
      await page.evaluate(() => document.getAnimations().map(({ id, playState }) => `${id} ${playState}`)),
    ).toEqual([]);
    await context.close();
  });

  it('can be read without script', async () => {
    const context = await openReader(stage.browser(), { javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(stage.town().link);
    const text = async (path: string) => {
      await page.goto(`${stage.town().url}/inspector/${path}`);
      return page.locator('body').innerText();
    };
    expect(await text('')).toMatch(/need you[\s\S]*Given up after 5 lost runs/);
    expect(await text('machines/bead')).toMatch(/DISPATCH[\s\S]*exhausted\s*1/);
    expect(await text('entities/bead/image-upload')).toMatch(
      /failed starts[\s\S]*5 of 5[\s\S]*503: no container has room/,
    );
    expect(await text('dispatch')).toContain('5 of 5');
    expect(await text('breakers')).toContain('Dispatch breaker');
    expect(await text('log')).toContain('HEARTBEAT');
    expect(await text('timers')).toContain('cooldown');
    await context.close();
  });
}
