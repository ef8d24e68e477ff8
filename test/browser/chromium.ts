/** The browser of the tests: where it is, and how it is opened so that it stays by itself. */
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** A loaded machine is slow, not broken. */
export const PATIENCE_MS = 45_000;

/** `CHROMIUM` of the environment, else what is installed; null: there is none. */
export function findChromium(): string | null {
  const { CHROMIUM, PATH = '' } = process.env;
  const names = CHROMIUM ? [CHROMIUM] : NAMES;
  const folders = [...PATH.split(delimiter).filter((folder) => folder !== ''), '/usr/bin'];
  const files = names.flatMap((name) => (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))));
  return files.find(isProgram) ?? null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** With a profile of its own, and without what browsers tell their makers. */
export function openBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new TypeError('There is no Chromium: install it, or name it in CHROMIUM.');
  return chromium.launch({
    executablePath,
    timeout: PATIENCE_MS,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync'],
    ],
  });
}

/** What a reader has: a window, a theme, perhaps no wish for motion. */
export async function openReader(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({
    ...{ viewport: { width: 1280, height: 800 }, locale: 'en-GB', timezoneId: 'UTC' },
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
}
