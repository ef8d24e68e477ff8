/**
 * The theme: as the system has it, or as the reader chose. A cookie remembers it, so that the first paint has it too.
 */
import type { Theme } from './app.ts';

const COOKIE = 'inspector-theme';
const YEAR_S = 31_536_000;

export function rememberedTheme(): Theme {
  const found = new RegExp(`(?:^|; )${COOKIE}=(light|dark)(?:;|$)`).exec(document.cookie)?.[1];
  return found === 'light' || found === 'dark' ? found : null;
}

export function showTheme(theme: Theme, base: string): void {
  if (theme === null) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const age = theme === null ? 0 : YEAR_S;
  document.cookie = `${COOKIE}=${theme ?? ''}; path=${base}; max-age=${age}; samesite=strict`;
}

/** What the toggle changes to: the other of what is seen. */
export function otherTheme(theme: Theme): 'light' | 'dark' {
  const seen = theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  return seen === 'dark' ? 'light' : 'dark';
}
