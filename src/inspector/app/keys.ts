/**
 * The keyboard: one listener, and a stack of maps from keys to deeds. The newest map that has a key gets it, so a
 * drawer's keys go before the page's. A sequence is written with a space: `g m`.
 */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/**
 * Keys are as `KeyboardEvent.key` has them; `mod+k` is ⌘K or Ctrl-K. A deed that returns false did not want the key.
 */
export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => unknown>>;

const SEQUENCE_MS = 1200;
const maps: { current: KeyMap }[] = [];
/** The first key of a sequence that was begun. */
export const begun = signal<string | null>(null);
let forget: ReturnType<typeof setTimeout> | undefined;

/**
 * The map holds while the component is there; the deeds of the last render count. The frame's map is the base: a screen
 * that is there with the first paint is set up before the frame around it, and its keys go first all the same.
 */
export function useKeys(map: KeyMap, isBase = false): void {
  const held = useRef(map);
  held.current = map;
  useEffect(() => {
    if (isBase) maps.unshift(held);
    else maps.push(held);
    return () => {
      maps.splice(maps.indexOf(held), 1);
    };
  }, []);
}

const TYPING = 'input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]';

function nameOf(event: KeyboardEvent): string {
  const mod = event.metaKey || event.ctrlKey ? 'mod+' : '';
  return `${mod}${mod === '' ? event.key : event.key.toLowerCase()}`;
}

/** The deed that a key would do now; null: none. */
export function deedOf(key: string) {
  for (let at = maps.length - 1; at >= 0; at -= 1) {
    const deed = maps[at]?.current[key];
    if (deed !== undefined) return deed;
  }
  return null;
}

function setBegun(key: string | null): void {
  clearTimeout(forget);
  begun.value = key;
  if (key !== null) forget = setTimeout(() => setBegun(null), SEQUENCE_MS);
}

/** What the page's one `keydown` listener calls. */
export function onKey(event: KeyboardEvent): void {
  if (event.altKey || event.isComposing || event.defaultPrevented) return;
  // A dialog has the keyboard to itself.
  if (document.querySelector('dialog[open]') !== null) return;
  const name = nameOf(event);
  const isTyping = event.target instanceof Element && event.target.closest(TYPING) !== null;
  if (isTyping && name !== 'Escape' && !name.startsWith('mod+')) return;
  if (['Shift', 'Control', 'Meta'].includes(event.key)) return;
  const first = begun.peek();
  setBegun(null);
  const deed = deedOf(first === null ? name : `${first} ${name}`);
  if (deed !== null) {
    if (deed(event) !== false) event.preventDefault();
    return;
  }
  if (first === null && maps.some(({ current }) => Object.keys(current).some((key) => key.startsWith(`${name} `))))
    setBegun(name);
}
