/** How near a breaker is to opening: its failures counted against the limit, and each of them at its time. */
import type { BreakerView } from '../../../contract.ts';
import { durationText, spokenDuration } from '../../words.ts';

/** Heights in px; the bar stretches to any width. */
const HEIGHT = 40;
const TRACK = 10;

export type WindowBarProps = {
  readonly breaker: Pick<BreakerView, 'failures' | 'max' | 'windowMs'>;
  readonly now: number;
  readonly hrefOf: (reference: string) => string;
};

/** What still counts: a window moves with the clock, between two answers of the server too. */
export const inWindow = ({ failures, windowMs }: WindowBarProps['breaker'], now: number) =>
  failures.filter(({ at }) => at > now - windowMs);

export function WindowBar({ breaker, now, hrefOf }: WindowBarProps) {
  const { max, windowMs } = breaker;
  const recent = inWindow(breaker, now);
  const share = Math.min(1, recent.length / Math.max(1, max));
  return (
    <figure class={`window-bar tone-${share >= 1 ? 'danger' : share >= 0.5 ? 'warn' : 'ok'}`}>
      <figcaption>
        <strong>{`${recent.length} of ${max}`}</strong> {`failures in ${spokenDuration(windowMs)}`}
      </figcaption>
      <svg height={HEIGHT} width="100%" aria-label="Failures in the window, the oldest first">
        <rect class="window-track" x={0} y={0} width="100%" height={TRACK} rx={TRACK / 2} />
        <rect class="window-fill" x={0} y={0} width={`${share * 100}%`} height={TRACK} rx={TRACK / 2} />
        <line class="window-axis" x1={0} x2="100%" y1={HEIGHT - 2} y2={HEIGHT - 2} />
        {recent.map((failure, index) => (
          <Tick key={`${failure.at}-${index}`} {...{ failure, now, windowMs, hrefOf }} />
        ))}
      </svg>
      <p class="window-ends">
        <span>{durationText(windowMs)} ago</span>
        <span>now</span>
      </p>
    </figure>
  );
}

type TickProps = {
  readonly failure: BreakerView['failures'][number];
  readonly now: number;
  readonly windowMs: number;
  readonly hrefOf: (reference: string) => string;
};

function Tick({ failure: { at, ref, text }, now, windowMs, hrefOf }: TickProps) {
  const place = `${Math.min(99.5, Math.max(0.5, 100 - ((now - at) / Math.max(1, windowMs)) * 100))}%`;
  const words = `${text}, ${durationText(now - at)} ago`;
  const mark = (
    <>
      <line class="window-hit" x1={place} x2={place} y1={TRACK + 4} y2={HEIGHT} />
      <line class="window-tick" x1={place} x2={place} y1={TRACK + 8} y2={HEIGHT - 2} />
      <title>{words}</title>
    </>
  );
  if (!ref) return <g>{mark}</g>;
  return (
    <a href={hrefOf(ref)} aria-label={`${words}: ${ref}`}>
      {mark}
    </a>
  );
}
