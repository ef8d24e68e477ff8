/** The band below a chart of the past: a slider over the machine's last rows, steps, play, and the way back to live. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useKeys } from '../../keys.ts';
import { KeyHint } from '../../parts/KeyHint.tsx';
import { StateText } from '../../parts/Mark.tsx';
import { Ref } from '../../parts/Ref.tsx';
import { ErrorState } from '../../parts/States.tsx';
import { TimeOfDay } from '../../parts/Time.tsx';
import { numberText, timeText } from '../../words.ts';
import type { AsOf } from './as-of.ts';

const PLAY_MS = 350;

export function AsOfBand({ asOf }: { asOf: AsOf }) {
  const isPlaying = useSignal(false);
  const { position, steps } = asOf;
  useEffect(() => {
    if (!isPlaying.value) return;
    const timer = setInterval(() => {
      if (asOf.position >= asOf.steps) isPlaying.value = false;
      else asOf.moveTo(asOf.position + 1);
    }, PLAY_MS);
    return () => clearInterval(timer);
  }, [isPlaying.value]);
  const step = (by: number) => {
    isPlaying.value = false;
    asOf.moveTo(asOf.position + by);
  };
  const play = () => {
    if (asOf.position >= asOf.steps) asOf.moveTo(0);
    isPlaying.value = !isPlaying.value;
  };
  useKeys({
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    Home: () => step(-steps),
    End: () => step(steps),
    L: () => asOf.leave(),
  });
  if (asOf.problem.value !== null) return <ErrorState problem={asOf.problem.value} onRetry={() => void asOf.enter()} />;
  return (
    <section class="rewind" aria-label="As of">
      <div class="rewind-head">
        <Moment asOf={asOf} />
        <span class="spring" />
        <button type="button" class="button small" disabled={position === 0} onClick={() => step(-1)}>
          <KeyHint keys="←" /> Back
        </button>
        <button type="button" class="button small" disabled={position === steps} onClick={() => step(1)}>
          On <KeyHint keys="→" />
        </button>
        <button type="button" class="button small" aria-pressed={isPlaying.value} onClick={play}>
          {isPlaying.value ? 'Stop' : 'Play'}
        </button>
        <button type="button" class="button small primary" onClick={() => asOf.leave()}>
          Live <KeyHint keys="L" />
        </button>
      </div>
      <input
        type="range"
        class="slider"
        min={0}
        max={steps}
        value={position}
        aria-label="Step"
        aria-valuetext={valueText(asOf)}
        onInput={(event) => asOf.moveTo(Number(event.currentTarget.value))}
      />
    </section>
  );
}

function Moment({ asOf }: { asOf: AsOf }) {
  const row = asOf.row.value;
  if (asOf.isLoading.value) return <span class="muted">The last rows are fetched…</span>;
  if (asOf.steps === 0) return <span class="muted">No row of this machine is in the log yet.</span>;
  if (row === null) return <strong>Before the {numberText(asOf.steps)} rows that are shown</strong>;
  return (
    <span class="rewind-row">
      <strong>
        As of <TimeOfDay at={row.at} withMs />
      </strong>
      <code>{row.event}</code>
      <Ref reference={row.ref} title={row.title} />
      <StateText state={row.after} />
      <span class="muted">
        step {asOf.position} of {asOf.steps}
      </span>
    </span>
  );
}

function valueText(asOf: AsOf): string {
  const row = asOf.row.value;
  return `step ${asOf.position} of ${asOf.steps}${row === null ? '' : `, ${timeText(row.at)}, ${row.event}`}`;
}
