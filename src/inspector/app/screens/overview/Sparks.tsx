/** A row of small lines over time: is it moving, does it fail, is it slow. Each leads to the metrics. */
import type { Series } from '../../../contract.ts';
import { PageLink } from '../../parts/Ref.tsx';
import { numberText } from '../../words.ts';

export const SPARK_WIDTH = 120;
export const SPARK_HEIGHT = 26;

/** The path of a line through its points; gaps are not bridged. Empty when nothing is known. */
export function sparkPath(points: Series['points']): string {
  const known = points.filter(([, value]) => value !== null);
  if (known.length < 2) return '';
  const times = points.map(([at]) => at);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const most = Math.max(1e-9, ...known.map(([, value]) => value ?? 0));
  let isPenDown = false;
  return points
    .map(([at, value]) => {
      if (value === null) {
        isPenDown = false;
        return '';
      }
      const x = ((at - from) / Math.max(1, to - from)) * SPARK_WIDTH;
      const y = SPARK_HEIGHT - 2 - (value / most) * (SPARK_HEIGHT - 4);
      const command = isPenDown ? 'L' : 'M';
      isPenDown = true;
      return `${command}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}

export function Sparks({ series }: { series: readonly Series[] }) {
  if (series.length === 0) return null;
  return (
    <ul class="sparks" aria-label="Lately">
      {series.map(({ name, unit, points }) => {
        const last = points.findLast(([, value]) => value !== null)?.[1] ?? null;
        return (
          <li key={name} class="spark">
            <PageLink to="metrics">
              <span class="spark-name">{name}</span>
              <svg
                viewBox={`0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`}
                width={SPARK_WIDTH}
                height={SPARK_HEIGHT}
                preserveAspectRatio="none"
                aria-hidden="true"
              >
                <path d={sparkPath(points)} />
              </svg>
              <span class="spark-value">
                {last === null ? '–' : numberText(Math.round(last * 10) / 10)}{' '}
                <span class="muted">{unit.replace(/^1\//, 'per ')}</span>
              </span>
            </PageLink>
          </li>
        );
      })}
    </ul>
  );
}
