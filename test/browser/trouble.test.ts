/** When something is wrong: the server is away for a while, or a start failed as often as it may (S18). */
import { describe, expect, it } from 'vitest';
import { PATIENCE_MS } from './chromium.ts';
import { hasChromium, stageOf } from './stage.ts';
import { STUCK, smallTown } from './staged/small.ts';
import type { ServedTown } from './staged/town.ts';
import { visit } from './visit.ts';

describe.skipIf(!hasChromium)('the inspector in trouble', { timeout: 3 * PATIENCE_MS }, () => {
  let small: Awaited<ReturnType<typeof smallTown>>;
  const stage = stageOf(async (): Promise<ServedTown> => {
    small = await smallTown();
    return small;
  });

  it('S18: from "5 of 5" to a new dispatch with the button beside the count, and the log says who', async () => {
    const { page, faults } = await stage.reader();
    await small.settled;
    await visit(page, small, `entities/bead/${STUCK}`);
    const count = page.locator('.facts > div', { hasText: 'failed starts' });
    await count.getByText('5 of 5').waitFor();
    expect(await page.locator('.entity-head').innerText()).toContain('503: no container has room');
    await count.getByRole('button', { name: 'Reset' }).click({ modifiers: ['Shift'] });
    const dialog = page.getByRole('dialog', { name: 'Reset attempts' });
    await dialog.getByText('failed.exhausted').waitFor();
    await dialog.getByLabel('Reason').fill('the container has room again');
    await dialog.getByRole('button', { name: 'Reset attempts' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('.entity-where', { hasText: 'in_progress.running' }).waitFor();
    await count.getByText('0 of 5').waitFor();
    await visit(page, small, `log?entity=bead/${STUCK}&event=RESET`);
    const row = page.locator('.log-table tbody tr').first();
    expect(await row.innerText()).toMatch(/RESET[\s\S]*the container has room again[\s\S]*operator:inspector/);
    expect(faults.lines).toEqual([]);
  });

  it('goes on by itself when the server comes back, and shows what it missed', async () => {
    const { page } = await stage.reader();
    await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
    await small.stopServing();
    await page.locator('.freshness.reconnecting', { hasText: /Reconnecting in \d+s/ }).waitFor();
    await small.town.createBeads([{ id: 'late', title: 'Created while nobody looked', held: true }]);
    await small.serveAgain();
    await page.locator('.freshness.live').waitFor();
    await page.locator('main', { hasText: 'Created while nobody looked' }).waitFor();
    expect(await page.evaluate(() => 'isSamePage' in globalThis)).toBe(true);
  });

  it('stands still while it is paused', async () => {
    const { page } = await stage.reader();
    await page.locator('.freshness.live').click();
    await page.locator('.freshness.paused', { hasText: 'Paused at' }).waitFor();
    const seq = await page.locator('.seq').innerText();
    await small.town.createBeads([{ id: 'later', title: 'Created while it was paused', held: true }]);
    expect(await page.locator('.seq').innerText()).toBe(seq);
    await page.locator('.freshness.paused').click();
    await page.locator('.freshness.live').waitFor();
    await page.locator('main', { hasText: 'Created while it was paused' }).waitFor();
  });
});
