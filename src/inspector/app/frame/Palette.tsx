/** The palette: find every noun, do every legal action, without the mouse. */
import { useSignal } from '@preact/signals';
import { useEffect, useId, useMemo } from 'preact/hooks';
import type { EntityPage, SearchView } from '../../contract.ts';
import { isPartial } from '../answers.ts';
import { type App, useApp } from '../app.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { paths } from '../paths.ts';
import { entityInFront } from './frame-keys.ts';
import { overlay } from './overlay.ts';
import { foundItems, type Item, localItems } from './palette-items.ts';

const TYPED_MS = 120;
/** While the server still reads what can be found. */
const AGAIN_MS = 1000;
const SHOWN_MAX = 60;

const close = () => {
  overlay.value = null;
};

export function Palette() {
  const app = useApp();
  const question = useSignal('');
  const chosen = useSignal(0);
  const id = useId();
  const front = useFront(app);
  const found = useFound(app, question.value);
  const local = useMemo(() => localItems(app, front, question.value), [front, question.value]);
  const items = [...local, ...(found ? foundItems(app, found) : [])].slice(0, SHOWN_MAX);
  const at = Math.min(chosen.value, Math.max(0, items.length - 1));
  const run = (item: Item | undefined) => {
    if (item === undefined) return;
    close();
    // After the dialog gave the focus back.
    setTimeout(item.run);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) chosen.value = (at + step + items.length) % Math.max(1, items.length);
    else if (event.key === 'Enter') run(items[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog label="Search and actions" class="palette" onClose={close}>
      <input
        class="palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={items[at] && `${id}-${at}`}
        aria-label="Find an entity, event or state, or something to do"
        placeholder="Find an entity, event or state, or something to do"
        autocomplete="off"
        spellcheck={false}
        value={question.value}
        onKeyDown={onKeyDown}
        onInput={(event) => {
          question.value = event.currentTarget.value;
          chosen.value = 0;
        }}
      />
      <Items id={id} items={items} at={at} onRun={run} />
    </Dialog>
  );
}

type ItemsProps = { id: string; items: readonly Item[]; at: number; onRun: (item: Item) => void };

function Items({ id, items, at, onRun }: ItemsProps) {
  useEffect(() => {
    document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  return (
    <div id={`${id}-list`} class="palette-list" role="listbox" aria-label="Found">
      {items.map((item, index) => (
        <div
          key={item.key}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          class="palette-item"
          onClick={() => onRun(item)}
        >
          <span class="palette-group">{items[index - 1]?.group === item.group ? '' : item.group}</span>
          <span class="palette-text">{item.text}</span>
          <span class="muted code">{item.note}</span>
        </div>
      ))}
      {items.length === 0 && <p class="muted palette-none">Nothing has these words.</p>}
    </div>
  );
}

/** The entity in front, for its actions. */
function useFront(app: App): EntityPage | null {
  const front = useSignal<EntityPage | null>(null);
  useEffect(() => {
    const reference = entityInFront(app);
    if (reference === null) return;
    app.api.get(paths.entity(reference)).then(
      (page) => {
        front.value = page;
      },
      // Without it the palette has fewer actions, and the drawer says what is wrong.
      () => {},
    );
  }, []);
  return front.value;
}

/** What the server finds for the words, a moment after the last key. */
function useFound(app: App, question: string): SearchView | null {
  const found = useSignal<SearchView | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const ask = async () => {
      const words = question.trim();
      found.value = words === '' ? null : await app.api.get(paths.search(words), stop.signal).catch(() => found.peek());
      if (isPartial(found.peek()) && !stop.signal.aborted) timer = setTimeout(ask, AGAIN_MS);
    };
    let timer = setTimeout(ask, TYPED_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [question]);
  return question.trim() === '' ? null : found.value;
}
