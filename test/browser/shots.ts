/**
 * Pictures of every screen of the staged town, for looking at: `npm run shots [-- overview machine]` writes them to
 * `.shots/`. With `--readme` it also writes the picture that the README shows.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, openReader } from './chromium.ts';
import { type ScreenAt, screens } from './screens.ts';
import { type ServedTown, stagedTown } from './staged/town.ts';
import { logIn, visit } from './visit.ts';

const FOLDER = '.shots';
const README_SCREEN = 'machines/bead?drawer=here:bead/in_progress.retryWait';
const looks = [
  { look: 'light', width: 1440, height: 900, colorScheme: 'light' },
  { look: 'dark', width: 1440, height: 900, colorScheme: 'dark' },
  { look: 'phone', width: 390, height: 844, colorScheme: 'light' },
] as const;

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const isForReadme = process.argv.includes('--readme');

async function shoot(of: Browser, at: ServedTown, { look, width, height, colorScheme }: (typeof looks)[number]) {
  const viewport = { width, height };
  const context = await openReader(of, { viewport, colorScheme, reducedMotion: 'reduce' });
  const page = await logIn(context, at);
  const chosen = screens.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  for (const screen of isForReadme ? [] : chosen) await takePicture(page, at, { ...screen, look });
  if (isForReadme && look !== 'phone') {
    await visit(page, at, README_SCREEN);
    mkdirSync('docs/pictures', { recursive: true });
    await page.screenshot({ path: `docs/pictures/inspector-${look}.png` });
  }
  await context.close();
}

async function takePicture(page: Page, at: ServedTown, { name, path, look }: ScreenAt & { look: string }) {
  await visit(page, at, path);
  const file = join(FOLDER, `${name}-${look}.png`);
  await page.screenshot({ path: file });
  process.stdout.write(`${file}\n`);
}

const town = await stagedTown();
const browser = await openBrowser();
try {
  mkdirSync(FOLDER, { recursive: true });
  for (const look of looks) await shoot(browser, town, look);
} finally {
  await browser.close();
  await town[Symbol.asyncDispose]();
}
process.exit(0);
