/** Which dialog lies over the page. */
import { signal } from '@preact/signals';

export type Overlay = 'palette' | 'help';

/** Null: none. */
export const overlay = signal<Overlay | null>(null);

/** The nav of a narrow screen is open. */
export const isNavOpen = signal(false);
