/**
 * What the server and the bundle that paints a page's first view tell each other.
 */

import type { EpochMs } from '../core/types.ts';

/** Answers that a page needs for its first paint, keyed by the API path below `<base>api/`, like `machines/bead`. */
export type Start = Readonly<Record<string, unknown>>;
export type PageRequest = {
  /** Below the base, with a leading slash: `/machines/bead`. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** Where the inspector is mounted, with slashes at both ends: `/inspector/`. */
  readonly base: string;
  /** The cookie `inspector-theme`. Null: as the system of the reader has it. */
  readonly theme: 'light' | 'dark' | null;
  readonly start: Start;
};
/**
 * What the server-side bundle `dist/inspector/server.js` exports. `page` fills the built `index.html` (`template`) with
 * everything: the base of its assets, theme, title, first paint, and the start data that the browser takes up.
 * `needs` says which API paths (query included) the page wants in `start` when it is painted at `now`; each may be
 * left out.
 */
export type PageRenderer = {
  readonly needs: (request: Pick<PageRequest, 'path' | 'query'> & { readonly now: EpochMs }) => readonly string[];
  readonly render: (request: PageRequest) => { readonly html: string; readonly title: string };
  readonly page: (request: PageRequest, template: string) => string;
};
