/** A row of choices of which one holds: tabs over a panel, or a switch between views of the same thing. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export type Choice<K extends string> = { readonly key: K; readonly label: ComponentChildren; readonly hint?: string };

type ChoicesProps<K extends string> = {
  readonly label: string;
  readonly choices: readonly Choice<K>[];
  readonly chosen: K;
  readonly onChoose: (key: K) => void;
};

type TabsProps<K extends string> = ChoicesProps<K> & { readonly children: ComponentChildren };

export function Tabs<K extends string>({ label, choices, chosen, onChoose, children }: TabsProps<K>) {
  const id = useId();
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const at = choices.findIndex(({ key }) => key === chosen);
    const next = choices[(at + step + choices.length) % choices.length];
    if (next === undefined) return;
    onChoose(next.key);
    if (event.currentTarget instanceof Element) {
      event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next.key}"]`)?.focus();
    }
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
        {choices.map(({ key, label: words }) => (
          <button
            key={key}
            id={`${id}-${key}`}
            type="button"
            role="tab"
            data-tab={key}
            aria-selected={key === chosen}
            aria-controls={`${id}-panel`}
            tabIndex={key === chosen ? 0 : -1}
            onClick={() => onChoose(key)}
          >
            {words}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} class="tab-panel" role="tabpanel" aria-labelledby={`${id}-${chosen}`}>
        {children}
      </div>
    </>
  );
}

/** The same without a panel of its own. */
export function Switch<K extends string>({ label, choices, chosen, onChoose }: ChoicesProps<K>) {
  return (
    <fieldset class="switch">
      <legend class="unseen">{label}</legend>
      {choices.map(({ key, label: words, hint }) => (
        <button key={key} type="button" aria-pressed={key === chosen} title={hint} onClick={() => onChoose(key)}>
          {words}
        </button>
      ))}
    </fieldset>
  );
}
