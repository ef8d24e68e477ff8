/** Entities as a dense grid of cells: who, in which state, since when, on what, with the last words. */
import type { EntityLine } from '../../../contract.ts';
import { Mark } from '../../parts/Mark.tsx';
import { PageLink, Ref } from '../../parts/Ref.tsx';
import { Age } from '../../parts/Time.tsx';
import { countText, leafName } from '../../words.ts';

type GridProps = {
  readonly machine: string;
  readonly lines: readonly EntityLine[];
  /** So many are not shown. */
  readonly more: number;
  readonly isDense: boolean;
};

export function Grid({ machine, lines, more, isDense }: GridProps) {
  return (
    <>
      <ul class={`grid${isDense ? ' dense' : ''}`}>
        {lines.map((line) => (
          <Cell key={line.ref} line={line} />
        ))}
      </ul>
      {more > 0 && (
        <p class="muted">
          <PageLink to={`machines/${encodeURIComponent(machine)}?view=table`}>
            and {countText(more, 'other', 'others')}
          </PageLink>
        </p>
      )}
    </>
  );
}

function Cell({ line }: { line: EntityLine }) {
  const { ref, id, title, state, since, tone, note, link, attempts } = line;
  return (
    <li class={`cell tone-edge-${tone}`} data-row={ref} tabIndex={-1}>
      <div class="cell-head">
        <Mark tone={tone} />
        <Ref reference={ref}>
          <code>{id}</code>
        </Ref>
        <span class="cell-state" title={state}>
          {state.split(' ').map(leafName).join(' + ')}
        </span>
        <span class="muted cell-age">
          <Age at={since} />
        </span>
      </div>
      <div class="cell-body">
        {title !== id && (
          <span class="cell-title" title={title}>
            {title}
          </span>
        )}
        {link && (
          <Ref reference={link.ref} title={link.title}>
            {link.title}
          </Ref>
        )}
        {attempts && attempts.value > 0 && (
          <span class="muted">
            try {attempts.value} of {attempts.max}
          </span>
        )}
        {note && (
          <span class="muted cell-note" title={note}>
            {note}
          </span>
        )}
      </div>
    </li>
  );
}
