/** The keys that work on every page, and the list of all keys that help shows. */
import { type App, useApp } from '../app.ts';
import { type KeyMap, useKeys } from '../keys.ts';
import { say } from '../sending.ts';
import { idOf } from '../words.ts';
import { overlay } from './overlay.ts';

/** The entity that keys speak about: of the front drawer, else of the page. */
export function entityInFront(app: App): string | null {
  const front = app.route.drawers.peek().at(-1);
  if (front !== undefined) return front.kind === 'entity' ? front.reference : null;
  const page = app.route.page.peek();
  return page.name === 'entity' ? page.reference : null;
}

async function copy(app: App, text: string | null, what: string): Promise<void> {
  if (text === null) return;
  await navigator.clipboard.writeText(text);
  say(app, `Copied the ${what}: ${text}`);
}

function rowsInFront(): HTMLElement[] {
  const place = document.querySelector('.drawers > :last-child') ?? document.getElementById('main');
  return [...(place?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
}

function stepRow(by: number): void {
  const rows = rowsInFront();
  const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

function openRow(): boolean {
  const row = document.activeElement;
  if (!(row instanceof HTMLElement) || row.dataset.row === undefined) return false;
  row.querySelector<HTMLElement>('a, button')?.click();
  return true;
}

/** Opens what needs a person next, after the one that is open. */
function nextFailure(app: App): void {
  const items = app.overview.value.peek()?.needsYou.items ?? [];
  if (items.length === 0) say(app, 'Nothing needs you.');
  const front = entityInFront(app);
  const next = items[(items.findIndex(({ line }) => line.ref === front) + 1) % items.length];
  if (next !== undefined) app.route.showDrawer({ kind: 'entity', reference: next.line.ref });
}

function goToMachine(app: App): void {
  const machines = app.machines.peek();
  const page = app.route.page.peek();
  const here = page.name === 'machine' ? page.machine : null;
  // The one with the most in it first; pressed again, the next one.
  const order = [...machines].sort((a, b) => b.total - a.total);
  const next = order[(order.findIndex(({ machine }) => machine === here) + 1) % Math.max(1, order.length)];
  if (next !== undefined) app.route.go(app.route.machineHref(next.machine));
}

export function frameKeys(app: App): KeyMap {
  const to = (path: string) => () => app.route.go(app.route.href(path));
  const open = (name: 'palette' | 'help') => () => {
    overlay.value = name;
  };
  return {
    '/': open('palette'),
    'mod+k': open('palette'),
    '?': open('help'),
    e: open('palette'),
    'g h': to(''),
    'g m': () => goToMachine(app),
    'g t': to('timers'),
    'g o': to('dispatch'),
    'g b': to('breakers'),
    'g l': to('log'),
    'g s': to('metrics'),
    j: () => stepRow(1),
    k: () => stepRow(-1),
    Enter: () => openRow(),
    Escape: () => {
      if (app.route.drawers.peek().length === 0) return false;
      app.route.closeDrawer();
    },
    y: () => {
      const front = entityInFront(app);
      void copy(app, front === null ? null : idOf(front), 'id');
    },
    Y: () => void copy(app, location.href, 'link'),
    '.': () => nextFailure(app),
  };
}

export function useFrameKeys(): void {
  useKeys(frameKeys(useApp()), true);
}
