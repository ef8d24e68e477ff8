/** Screens, drawers and dialogs by name, loaded when they are first shown. The server has them all at once. */
import { signal } from '@preact/signals';
import type { FunctionComponent } from 'preact';

/** What a screen is given: the reference of what it is about, or nothing. */
export type ScreenProps = { readonly reference: string };
export type Screen = FunctionComponent<ScreenProps>;

export type ScreenName =
  | 'overview'
  | 'machine'
  | 'entity'
  | 'entityDrawer'
  | 'hereDrawer'
  | 'edgeDrawer'
  | 'timers'
  | 'dispatch'
  | 'breakers'
  | 'log'
  | 'metrics'
  | 'thumbnail'
  | 'palette'
  | 'help'
  | 'send';

const loaded = signal<ReadonlyMap<ScreenName, Screen>>(new Map());

export type Loaders = Readonly<Record<ScreenName, () => Promise<Screen>>>;
let loaders: Partial<Loaders> = {};

/** Says where the code of the screens is. Once, before anything is shown. */
export function provideScreens(given: Loaders): void {
  loaders = given;
}

/** Null while it is on its way; the component that asks is drawn again when it came. */
export function screenOf(name: ScreenName): Screen | null {
  return loaded.value.get(name) ?? null;
}

/** Brings screens; resolves when they can be shown. */
export async function loadScreens(names: readonly ScreenName[]): Promise<void> {
  const missing = names.filter((name) => !loaded.peek().has(name));
  if (missing.length === 0) return;
  const next = new Map(loaded.peek());
  const bring = async (name: ScreenName) => {
    const screen = await loaders[name]?.();
    if (screen !== undefined) next.set(name, screen);
  };
  await Promise.all(missing.map(bring));
  loaded.value = new Map([...loaded.peek(), ...next]);
}
