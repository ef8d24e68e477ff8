/** Work in waves: what can go now, what comes after it, and how much of the whole is done. */
import type { OverviewView } from '../../../contract.ts';
import { Mark } from '../../parts/Mark.tsx';
import { PageLink, Ref } from '../../parts/Ref.tsx';
import { Age } from '../../parts/Time.tsx';
import { countText, leafName, numberText } from '../../words.ts';

type WavesProps = OverviewView['waves'][number];

export function Waves({ machine, waves, done, total }: WavesProps) {
  return (
    <div class="waves">
      <div class="progress">
        <progress max={Math.max(1, total)} value={done} aria-label="Done" />
        <span class="muted">
          {numberText(done)} of {numberText(total)} done
        </span>
      </div>
      <ol class="wave-row">
        {waves.map(({ lines, more }, index) => (
          <li key={index} class="wave">
            <h3>
              {index === 0 ? 'Now' : `Wave ${index + 1}`} <span class="muted">{numberText(lines.length + more)}</span>
            </h3>
            <ul>
              {lines.map((line) => (
                <Line key={line.ref} line={line} />
              ))}
            </ul>
            {more > 0 && (
              <PageLink to={`machines/${encodeURIComponent(machine)}?view=table`}>
                and {countText(more, 'other', 'others')}
              </PageLink>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Line({
  line: { ref, id, title, state, tone, since },
}: {
  line: WavesProps['waves'][number]['lines'][number];
}) {
  return (
    <li class="wave-line" data-row={ref} tabIndex={-1} title={title}>
      <Mark tone={tone} />
      <Ref reference={ref} title={title}>
        <span class="wave-title">{title === id ? <code>{id}</code> : title}</span>
      </Ref>
      <span class="muted">
        {state.split(' ').map(leafName).join(' + ')} <Age at={since} />
      </span>
    </li>
  );
}
