/** How many timers are due in each of the next hours, as a strip of bars with the counts in words. */
import { countText, timeText } from '../../words.ts';

const HOUR_MS = 3_600_000;
/** Height of the strip in px; it stretches to any width. */
const HEIGHT = 40;

export type DensityStripProps = {
  readonly density: readonly number[];
  /** When the first hour begins. */
  readonly now: number;
};

export function DensityStrip({ density, now }: DensityStripProps) {
  const most = Math.max(1, ...density);
  const step = 100 / Math.max(1, density.length);
  return (
    <figure class="density">
      <svg height={HEIGHT} width="100%" role="img" aria-label={densityText(density, now)}>
        {density.map((count, index) => {
          const height = count === 0 ? 1 : Math.max(3, (count / most) * HEIGHT);
          const place = { x: `${index * step}%`, y: HEIGHT - height, width: `${step * 0.86}%`, height };
          return (
            <rect key={String(index)} class={count === 0 ? 'density-none' : 'density-bar'} {...place}>
              <title>{`${hourText(now, index)}: ${countText(count, 'timer')}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption>
        <span>now</span>
        <span>{densityText(density, now)}</span>
        <span>+{density.length} h</span>
      </figcaption>
    </figure>
  );
}

const hourText = (now: number, index: number) => timeText(now + index * HOUR_MS).slice(0, 5);

function densityText(density: readonly number[], now: number): string {
  const total = density.reduce((sum, count) => sum + count, 0);
  if (total === 0) return `No timer is due in the next ${density.length} hours.`;
  const busiest = density.indexOf(Math.max(...density));
  const most = `${density[busiest] ?? 0} of them in the hour from ${hourText(now, busiest)}`;
  return `${countText(total, 'timer')} due in the next ${density.length} hours, ${most}.`;
}
