/**
 * A button for a deed that is not one event, like firing a timer: says what it does, asks for a reason, then does it.
 */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { DeedButton } from '../parts/ActionButton.tsx';
import { Dialog } from '../parts/Dialog.tsx';

export type ConfirmedDeedProps = {
  /** On the button and as the dialog's heading: `Fire now`. */
  readonly label: string;
  /** What it does, in a sentence or two. */
  readonly about: ComponentChildren;
  readonly isDangerous?: boolean;
  readonly run: (reason: string) => Promise<void>;
};

export function ConfirmedDeed({ label, about, isDangerous = false, run }: ConfirmedDeedProps) {
  const isOpen = useSignal(false);
  const reason = useSignal('');
  const open = async () => {
    reason.value = '';
    isOpen.value = true;
  };
  const confirm = async () => {
    await run(reason.value.trim());
    isOpen.value = false;
  };
  return (
    <>
      <DeedButton title={label} isDangerous={isDangerous} run={open}>
        {label}…
      </DeedButton>
      {isOpen.value && (
        <Dialog label={label} class="confirm-dialog" onClose={() => (isOpen.value = false)}>
          <h2>{label}</h2>
          <p>{about}</p>
          <label class="field">
            <span>Reason, written to the log</span>
            <input value={reason.value} onInput={(event) => (reason.value = event.currentTarget.value)} autofocus />
          </label>
          <div class="dialog-foot">
            <button type="button" class="button" onClick={() => (isOpen.value = false)}>
              Not now
            </button>
            <DeedButton title={label} isSmall={false} isDangerous={isDangerous} run={confirm}>
              {label}
            </DeedButton>
          </div>
        </Dialog>
      )}
    </>
  );
}
