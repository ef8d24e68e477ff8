/** Every screen, and what stands on it, reached and left by keys alone. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { PATIENCE_MS } from './chromium.ts';
import type { Reader, Stage } from './stage.ts';
import { visit, whenThere } from './visit.ts';

const TYPED_PAUSE_MS = 20;

export function keyboardTests(stage: Stage): void {
  describe('by keyboard', () => {
    let reader: Reader;
    let page: Page;
    beforeAll(async () => {
      reader = await stage.reader({ permissions: ['clipboard-read', 'clipboard-write'] });
      page = reader.page;
    }, 2 * PATIENCE_MS);
    /** `g m` is two keys, one after the other. */
    const press = async (keys: string) => {
      for (const key of keys.split(' ')) await page.keyboard.press(key, { delay: TYPED_PAUSE_MS });
    };
    const here = () => page.url().slice(`${stage.town().url}/inspector/`.length);
    const arrives = async (path: RegExp) => {
      await page.waitForFunction(
        (pattern) => new RegExp(pattern).test(location.pathname + location.search),
        path.source,
      );
      await whenThere(page);
    };
    const isFocused = (selector: string) =>
      page.waitForFunction((wanted) => document.activeElement?.matches(wanted) === true, selector);

    it('goes to each page', async () => {
      const ways = [
        ['g m', /machines\/bead$/, 'Beads'],
        ['g m', /machines\/agent$/, 'Agents'],
        ['g t', /timers$/, 'Timers'],
        ['g o', /dispatch$/, 'Dispatch'],
        ['g b', /breakers$/, 'Breakers'],
        ['g l', /log$/, 'Log'],
        ['g s', /metrics$/, 'Metrics'],
        ['g h', /inspector\/$/, 'need you'],
      ] as const;
      for (const [keys, path, heading] of ways) {
        await press(keys);
        await arrives(path);
        await page.locator('main h1', { hasText: heading }).waitFor();
      }
    });

    it('walks rows, opens one, and comes back to it', async () => {
      await visit(page, stage.town(), '');
      await press('j j');
      await isFocused('[data-row]:nth-of-type(2)');
      await press('k');
      await isFocused('[data-row]:first-of-type');
      const row = await page.evaluate(() => (document.activeElement as HTMLElement).dataset.row);
      await press('Enter');
      await page.locator('.drawer').waitFor();
      expect(here()).toContain(`drawer=entity:${row}`);
      await isFocused('.drawer');
      await press('Escape');
      await page.locator('.drawer').waitFor({ state: 'detached' });
      await isFocused(`[data-row="${row}"], [data-row="${row}"] *`);
    });

    it('finds an entity by its words, and offers what can be done with it', async () => {
      for (const opener of ['/', 'Control+k']) {
        await press(opener);
        await isFocused('.palette input');
        await press('Escape');
        await page.locator('.palette').waitFor({ state: 'detached' });
      }
      await press('/');
      await isFocused('.palette input');
      await page.keyboard.type('resize images', { delay: TYPED_PAUSE_MS });
      await page.locator('[role=option][aria-selected=true]', { hasText: 'Resize images' }).waitFor();
      await press('Enter');
      await page.locator('.drawer', { hasText: 'Resize images' }).waitFor();
      await press('e');
      await page.locator('[role=option]', { hasText: 'Reset attempts' }).first().waitFor();
      await press('Escape');
      await page.locator('.palette').waitFor({ state: 'detached' });
      await press('y');
      await page.locator('.notice', { hasText: 'image-upload' }).waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('image-upload');
      await press('Shift+Y');
      await page.locator('.notice', { hasText: 'link' }).waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
      await press('Escape');
    });

    it('shows its keys, and goes from failure to failure', async () => {
      await visit(page, stage.town(), '');
      await press('?');
      const help = page.locator('.help-dialog');
      await help.getByText('Next thing that needs you').waitFor();
      for (const does of ['Palette', 'Next row', 'A step back', 'Fit', 'Copy the link']) {
        expect(await help.getByText(does).count(), does).toBeGreaterThan(0);
      }
      await press('Escape');
      await help.waitFor({ state: 'detached' });
      await press('.');
      await page.waitForFunction(() => location.search.includes('drawer=entity'));
      const first = here();
      await press('.');
      await page.waitForFunction((was) => !location.href.endsWith(was), first);
      await press('Escape');
      await page.locator('.drawer').waitFor({ state: 'detached' });
    });

    it('moves in a chart: fit, zoom, collapse, along its lines, and into a state', async () => {
      await visit(page, stage.town(), 'machines/bead');
      await press('+');
      await page.locator('.chart-stage[data-zoomed=true]').waitFor();
      await press('- f');
      await page.locator('.chart-stage[data-zoomed=false]').waitFor();
      await press('c');
      await page.waitForFunction(() => location.search.includes('collapsed='));
      await whenThere(page);
      await visit(page, stage.town(), 'machines/bead');
      await page.locator('svg.chart [data-state][tabindex="0"]').focus();
      const state = () => page.evaluate(() => document.activeElement?.getAttribute('data-state'));
      const from = await state();
      await press('ArrowDown');
      await page.waitForFunction((was) => document.activeElement?.getAttribute('data-state') !== was, from);
      const to = await state();
      await press('Enter');
      await page.locator('.drawer').waitFor();
      expect(here()).toContain(`drawer=here:bead/${to}`);
      await press('Escape');
      await page.locator('.drawer').waitFor({ state: 'detached' });
    });

    it('steps through the past of an entity, and back to now', async () => {
      await visit(page, stage.town(), 'entities/bead/image-upload');
      await page.locator('.timeline tbody tr, .timeline [data-seq]').first().waitFor();
      await press('ArrowLeft');
      await page.locator('.as-of').waitFor();
      expect(here()).toContain('at=');
      const last = await page.locator('.as-of').innerText();
      await press('Home');
      await page.locator('.as-of', { hasText: 'step 1 of' }).waitFor();
      await press('ArrowRight');
      await page.locator('.as-of', { hasText: 'step 2 of' }).waitFor();
      await press('End');
      await page.waitForFunction((text) => document.querySelector('.as-of')?.textContent !== text, 'step 2 of');
      expect(last).toContain('As of');
      await press('Shift+L');
      await page.locator('.as-of').waitFor({ state: 'detached' });
    });

    it('did nothing wrong on the way', () => {
      expect(reader.faults.lines).toEqual([]);
    });
  });
}
