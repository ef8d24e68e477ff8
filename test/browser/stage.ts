/** What the tests of the staged town share: the town, the browser, a logged-in reader, and what a page did wrong. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { findChromium, openBrowser, openReader, PATIENCE_MS } from './chromium.ts';
import { type Faults, watchFaults } from './faults.ts';
import type { ServedTown } from './staged/town.ts';
import { logIn, type Place } from './visit.ts';

export type Reader = {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly faults: Faults;
};

export type Stage<T extends Place = ServedTown> = {
  readonly town: () => T;
  readonly browser: () => Browser;
  /** A window of its own, logged in, on the overview. Closed after all tests of the file. */
  readonly reader: (options?: BrowserContextOptions) => Promise<Reader>;
};

export const hasChromium = findChromium() !== null;

/** Opens a town and a browser for the tests of a file. Nothing is opened where there is no Chromium. */
export function stageOf<T extends Place & AsyncDisposable>(makeTown: () => Promise<T>): Stage<T> {
  let town: T | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (!hasChromium) return;
    [town, browser] = await Promise.all([makeTown(), openBrowser()]);
  }, 3 * PATIENCE_MS);
  afterAll(async () => {
    await browser?.close();
    await town?.[Symbol.asyncDispose]();
  }, PATIENCE_MS);
  const there = <V>(value: V | undefined): V => {
    if (value === undefined) throw new TypeError('The stage is not set yet: ask for it inside a test.');
    return value;
  };
  return {
    town: () => there(town),
    browser: () => there(browser),
    async reader(options) {
      const context = await openReader(there(browser), options);
      const faults = await watchFaults(context, there(town).url);
      return { context, faults, page: await logIn(context, there(town)) };
    },
  };
}
