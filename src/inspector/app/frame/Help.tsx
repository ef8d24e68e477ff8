/** Every key, each with a button that does the same. */
import { useApp } from '../app.ts';
import { deedOf } from '../keys.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { KeyHint } from '../parts/KeyHint.tsx';
import { overlay } from './overlay.ts';

type Row = { readonly keys: string; readonly does: string; readonly shown?: string };
type Group = { readonly name: string; readonly rows: readonly Row[] };

const GROUPS: readonly Group[] = [
  {
    name: 'Find',
    rows: [
      { keys: '/', does: 'Search' },
      { keys: 'mod+k', does: 'Palette: every noun, every legal action', shown: '⌘K' },
      { keys: '.', does: 'Next thing that needs you' },
      { keys: 'e', does: 'Send an event' },
      { keys: 'y', does: 'Copy the id' },
      { keys: 'Y', does: 'Copy the link' },
    ],
  },
  {
    name: 'Go to',
    rows: [
      { keys: 'g h', does: 'Overview' },
      { keys: 'g m', does: 'Machines, one after the other' },
      { keys: 'g t', does: 'Timers' },
      { keys: 'g o', does: 'Dispatch' },
      { keys: 'g b', does: 'Breakers' },
      { keys: 'g l', does: 'Log' },
      { keys: 'g s', does: 'Metrics' },
    ],
  },
  {
    name: 'Rows and drawers',
    rows: [
      { keys: 'j', does: 'Next row' },
      { keys: 'k', does: 'Row before' },
      { keys: 'Enter', does: 'Open the row' },
      { keys: 'Escape', does: 'Close the drawer', shown: 'Esc' },
    ],
  },
  {
    name: 'Time',
    rows: [
      { keys: 'ArrowLeft', does: 'A step back', shown: '←' },
      { keys: 'ArrowRight', does: 'A step on', shown: '→' },
      { keys: 'Home', does: 'The first step' },
      { keys: 'End', does: 'The last step' },
      { keys: 'L', does: 'Live' },
    ],
  },
  {
    name: 'Chart',
    rows: [
      { keys: 'f', does: 'Fit' },
      { keys: '+', does: 'Nearer' },
      { keys: '-', does: 'Farther', shown: '−' },
      { keys: 'c', does: 'Collapse or open the state' },
    ],
  },
];

export function Help() {
  const { route } = useApp();
  const close = () => {
    overlay.value = null;
  };
  const act = (keys: string) => {
    const deed = deedOf(keys);
    close();
    // After the dialog gave the focus back: some deeds look at it.
    setTimeout(() => deed?.(new KeyboardEvent('keydown', { key: keys })));
  };
  return (
    <Dialog label="Keys" class="help-dialog" onClose={close}>
      <header class="dialog-head">
        <h2>Keys</h2>
        <button type="button" class="button small quiet" onClick={close}>
          Close <KeyHint keys="Esc" />
        </button>
      </header>
      <div class="help-groups">
        {GROUPS.map(({ name, rows }) => (
          <section key={name}>
            <h3>{name}</h3>
            {rows.map(({ keys, does, shown }) => (
              <button
                key={keys}
                type="button"
                class="help-row"
                disabled={deedOf(keys) === null}
                onClick={() => act(keys)}
              >
                <span>{does}</span>
                <KeyHint keys={shown ?? keys} />
              </button>
            ))}
          </section>
        ))}
      </div>
      <p class="muted">
        Everything on the page is in its address: <a href={route.href('')}>copy it</a> to show somebody what you see.
        With Shift, a button asks for a reason that is kept in the log.
      </p>
    </Dialog>
  );
}
