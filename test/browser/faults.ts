/** What a page must never do: ask another origin, throw, complain, or break its own security policy. */
import type { BrowserContext, Page } from 'playwright-core';

export type Faults = {
  /** One line for each; empty when all is well. */
  readonly lines: string[];
};

/** Watches every page of a context from now on. */
export async function watchFaults(context: BrowserContext, origin: string): Promise<Faults> {
  const lines: string[] = [];
  await context.exposeFunction('yardmasterViolation', (text: string) => void lines.push(`policy: ${text}`));
  await context.addInitScript(() => {
    document.addEventListener(
      'securitypolicyviolation',
      ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
        const { yardmasterViolation } = globalThis as unknown as { yardmasterViolation: (text: string) => void };
        yardmasterViolation(`${violatedDirective} ${blockedURI} at ${sourceFile}:${lineNumber}`);
      },
    );
  });
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== 'data:') lines.push(`request to ${url.origin}`);
  });
  context.on('page', (page) => watchPage(page, lines));
  return { lines };
}

function watchPage(page: Page, lines: string[]): void {
  page.on('pageerror', ({ message, stack }) => lines.push(`script: ${message} ${stack ?? ''}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      lines.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) lines.push(`answer ${response.status()}: ${response.url()}`);
  });
}
