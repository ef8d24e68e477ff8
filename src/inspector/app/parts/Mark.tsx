/**
 * A small shape that says a tone without colour: dot active, ring waiting, triangle needs you, cross failed, square
 * final.
 */
import type { ComponentChildren } from 'preact';
import type { Tone } from '../../contract.ts';

const SHAPES: Readonly<Record<Tone, string>> = {
  plain: 'M5 1.6a3.4 3.4 0 1 0 0 6.8a3.4 3.4 0 1 0 0-6.8z',
  live: 'M5 1a4 4 0 1 0 0 8a4 4 0 1 0 0-8z',
  ok: 'M1.5 1.5h7v7h-7z',
  warn: 'M5 .8l4.6 8.2h-9.2z',
  danger: 'M1.6 1.6l6.8 6.8M8.4 1.6l-6.8 6.8',
  time: 'M5 1.2a3.8 3.8 0 1 0 0 7.6a3.8 3.8 0 1 0 0-7.6zM5 2.8v2.4l1.6 1',
};

const OUTLINED: readonly Tone[] = ['plain', 'danger', 'time'];

export function Mark({ tone }: { tone: Tone }) {
  return (
    <svg class={`mark tone-${tone}`} data-outlined={OUTLINED.includes(tone)} viewBox="0 0 10 10" aria-hidden="true">
      <path d={SHAPES[tone]} />
    </svg>
  );
}

/** A word with its shape. */
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class={`badge tone-${tone}`}>
      <Mark tone={tone} />
      <span>{children}</span>
    </span>
  );
}

/** A state's path: its last part in ink, what it is inside of muted. Several, when the machine has regions. */
export function StateText({ state, tone }: { state: string; tone?: Tone }) {
  return (
    <span class="state-text">
      {tone && <Mark tone={tone} />}
      {state.split(' ').map((leaf, index) => {
        const dot = leaf.lastIndexOf('.') + 1;
        return (
          <code key={leaf} class={tone ? `tone-${tone}` : undefined}>
            {index > 0 && ' + '}
            {dot > 0 && <span class="muted">{leaf.slice(0, dot)}</span>}
            {leaf.slice(dot)}
          </code>
        );
      })}
    </span>
  );
}
