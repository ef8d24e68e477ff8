/**
 * A button that sends an event, or does another thing that takes a moment. It is busy until the page shows the
 * outcome, so that nobody presses twice, and off where the reader may not operate.
 */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { ActionView } from '../../contract.ts';
import { useApp } from '../app.ts';
import { press, sayProblem } from '../sending.ts';

type ActionButtonProps = {
  /** `machine/id`, or many of one machine. */
  readonly to: string | readonly string[];
  readonly action: ActionView;
  readonly isSmall?: boolean;
  readonly children?: ComponentChildren;
};

/** Sends an event. Asks first where it destroys or has a payload; with Shift held always, to give a reason. */
export function ActionButton({ to, action, isSmall = true, children }: ActionButtonProps) {
  const app = useApp();
  const references = typeof to === 'string' ? [to] : to;
  return (
    <DeedButton
      title={`${action.description} (${action.event}; with Shift: give a reason)`}
      isSmall={isSmall}
      isDangerous={action.destroys}
      run={(event) => press(app, { action, references }, event.shiftKey)}
    >
      {children ?? action.label}
      {(action.destroys || action.payload !== null) && '…'}
    </DeedButton>
  );
}

type DeedButtonProps = {
  readonly title: string;
  readonly run: (event: MouseEvent) => Promise<void>;
  readonly isSmall?: boolean;
  readonly isDangerous?: boolean;
  readonly children: ComponentChildren;
};

/** Any deed that changes something: needs the right to operate; what it throws is said at the foot of the page. */
export function DeedButton({ title, run, isSmall = true, isDangerous = false, children }: DeedButtonProps) {
  const app = useApp();
  const isBusy = useSignal(false);
  const mayOperate = app.access.value === 'operate';
  const onClick = async (event: MouseEvent) => {
    event.stopPropagation();
    isBusy.value = true;
    try {
      await run(event);
    } catch (thrown) {
      sayProblem(app, thrown);
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <button
      type="button"
      class={`button${isSmall ? ' small' : ''}${isDangerous ? ' dangerous' : ''}`}
      title={mayOperate ? title : 'You may look, not operate.'}
      disabled={!mayOperate || isBusy.value}
      aria-busy={isBusy.value}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
