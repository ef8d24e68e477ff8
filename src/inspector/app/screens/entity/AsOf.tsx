/** Says that the page stands in the past, at which step, compared with which; with the way back to now. */
import { KeyHint } from '../../parts/KeyHint.tsx';
import { dateTimeText, durationText, timeText } from '../../words.ts';
import { EventLink } from '../cells.tsx';
import type { Seen } from './seen.ts';
import { indexOf, LIVE, type Travel } from './travel.ts';

export type AsOfProps = { readonly seen: Seen; readonly onTravel: (travel: Travel) => void };

export function AsOf({ seen: { row, rows, travel, then, before }, onTravel }: AsOfProps) {
  if (row === null) return null;
  const step = indexOf(rows, row.seq) + 1;
  return (
    <div class="as-of" role="status">
      <strong title={dateTimeText(row.at)}>As of {timeText(row.at)}</strong>
      <span>
        step {step} of {rows.length}: <EventLink event={row.event} tone={row.tone} />
      </span>
      {travel.compare !== null && before && (
        <span>
          compared with {timeText(before.at)}, {durationText(Math.abs(row.at - before.at))}{' '}
          {before.at <= row.at ? 'before' : 'after'}
        </span>
      )}
      {then.moment?.exact === false && (
        <span class="tone-warn">its machine is not known any more: only the state is exact</span>
      )}
      {then.problem && <span class="tone-danger">{then.problem.detail}</span>}
      <button type="button" class="button small" onClick={() => onTravel(LIVE)}>
        Back to now <KeyHint keys="L" />
      </button>
    </div>
  );
}
