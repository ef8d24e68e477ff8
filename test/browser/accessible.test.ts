/** Axe finds nothing on any screen, in either theme, on a desk or on a phone; and nothing is wrong with the pages. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { PATIENCE_MS } from './chromium.ts';
import { screens } from './screens.ts';
import { hasChromium, type Reader, stageOf } from './stage.ts';
import { stagedTown } from './staged/town.ts';
import { visit } from './visit.ts';

type Violation = { readonly id: string; readonly help: string; readonly nodes: readonly { readonly html: string }[] };
type Axe = { run: (root: Document, options: object) => Promise<{ violations: readonly Violation[] }> };

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const sizes = [
  { name: 'desk', width: 1280, height: 800 },
  { name: 'phone', width: 390, height: 844 },
];

/** In the other theme the same elements stand on the page, so only their colours are looked at again. */
async function violations(page: Page, isColoursOnly: boolean): Promise<string[]> {
  const options = isColoursOnly ? { runOnly: ['color-contrast'] } : { runOnly: TAGS };
  const found = await page.evaluate(
    async (given) => (await (globalThis as unknown as { axe: Axe }).axe.run(document, given)).violations,
    { ...options, resultTypes: ['violations'] },
  );
  return found.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes
        .slice(0, 3)
        .map(({ html }) => html)
        .join(' | ')}`,
  );
}

describe.skipIf(!hasChromium)('the inspector, for everybody', () => {
  const stage = stageOf(stagedTown);
  let reader: Reader;
  beforeAll(async () => {
    if (hasChromium) reader = await stage.reader({ reducedMotion: 'reduce' });
  }, 2 * PATIENCE_MS);

  it.each(screens)('axe finds nothing on $name', { timeout: 3 * PATIENCE_MS }, async ({ path }) => {
    const { page } = reader;
    const found: string[] = [];
    await visit(page, stage.town(), path);
    await page.evaluate(axe);
    for (const { name, width, height } of sizes) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: 'light' });
      found.push(...(await violations(page, false)).map((line) => `${name}, light: ${line}`));
      await page.emulateMedia({ colorScheme: 'dark' });
      found.push(...(await violations(page, true)).map((line) => `${name}, dark: ${line}`));
    }
    expect(found).toEqual([]);
  });

  it('stays by itself, and complains of nothing', () => {
    expect(reader.faults.lines).toEqual([]);
  });
});
