/** The window's title: what the page is about, then how many things need a person, then whose inspector it is. */
import type { App } from './app.ts';

const NAMES = {
  overview: 'Overview',
  timers: 'Timers',
  dispatch: 'Dispatch',
  breakers: 'Breakers',
  log: 'Log',
  metrics: 'Metrics',
  unknown: 'Not found',
};

export function titleOf(app: App): string {
  const page = app.route.page.value;
  const overview = app.overview.value.value;
  const waiting = overview?.needsYou.total ?? 0;
  const about = page.name === 'machine' ? page.machine : page.name === 'entity' ? page.reference : NAMES[page.name];
  return `${waiting > 0 ? `(${waiting}) ` : ''}${about} · ${overview?.name ?? 'Inspector'}`;
}
