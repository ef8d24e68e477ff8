/** Going to a screen and knowing when it is there: its heading stands, nothing loads, and the page is live. */
import type { BrowserContext, Page } from 'playwright-core';

/** Where an inspector is served. */
export type Place = {
  /** Without a slash at its end; the inspector is below it at `/inspector/`. */
  readonly url: string;
  /** Lets a person in. */
  readonly link: string;
};

/** Opens the printed link once, as a person would; every page of the context is logged in then. */
export async function logIn(context: BrowserContext, { link }: Pick<Place, 'link'>): Promise<Page> {
  const page = await context.newPage();
  await page.goto(link, { waitUntil: 'domcontentloaded' });
  await whenThere(page);
  return page;
}

export async function visit(page: Page, town: Pick<Place, 'url'>, path: string): Promise<void> {
  await page.goto(`${town.url}/inspector/${path}`, { waitUntil: 'domcontentloaded' });
  await whenThere(page);
}

/** The script has taken over, the stream runs, and no part of the page waits for its answer. */
export async function whenThere(page: Page): Promise<void> {
  await page.locator('.freshness.live').first().waitFor();
  await page.waitForFunction(
    () =>
      document.querySelector('main h1, main .problem, main .empty') !== null &&
      document.querySelector('.skeleton, [aria-busy="true"]') === null,
  );
}
