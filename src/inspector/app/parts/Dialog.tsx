/** A dialog over the page: the browser's own, which keeps the focus inside and gives it back. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { focusKeeper } from './focus.ts';

type DialogProps = {
  readonly label: string;
  readonly onClose: () => void;
  readonly class?: string;
  readonly children: ComponentChildren;
};

export function Dialog({ label, onClose, class: name, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const isShown = useRef(false);
  useEffect(() => {
    const giveBack = focusKeeper();
    const dialog = element.current;
    dialog?.showModal();
    isShown.current = true;
    return () => {
      isShown.current = false;
      dialog?.close();
      giveBack();
    };
  }, []);
  const onBackdrop = (event: MouseEvent) => {
    if (event.target === element.current) onClose();
  };
  // Browsers close it by themselves when Escape is pressed and nothing was touched before.
  const onNativeClose = () => {
    if (isShown.current) onClose();
  };
  const onCancel = (event: Event) => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog
      ref={element}
      class={`dialog ${name ?? ''}`}
      aria-label={label}
      onMouseDown={onBackdrop}
      onCancel={onCancel}
      onClose={onNativeClose}
    >
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}
