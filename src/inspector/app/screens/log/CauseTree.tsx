/** What a row of the log set off, as a tree: each row beneath the one that made it happen. */
import type { CauseTree as Tree } from '../../../contract.ts';
import { nothing } from '../../answers.ts';
import { useAnswer } from '../../app.ts';
import { Answered } from '../../parts/Answered.tsx';
import { TimeOfDay } from '../../parts/Time.tsx';
import { paths } from '../../paths.ts';
import { countText, numberText, spanText } from '../../words.ts';
import { EventLink, Note, StateMove, Who } from '../cells.tsx';

export type CauseTreePanelProps = { readonly seq: number; readonly onClose: () => void };

export function CauseTreePanel({ seq, onClose }: CauseTreePanelProps) {
  const answer = useAnswer(paths.tree(seq), nothing);
  return (
    <section class="cause-panel" aria-label={`What row ${seq} set off`}>
      <header>
        <strong>Row {numberText(seq)} and what it set off</strong>
        <button type="button" class="button small" onClick={onClose}>
          Close
        </button>
      </header>
      <Answered answer={answer}>{(tree) => <CauseTree tree={tree} />}</Answered>
    </section>
  );
}

/** Rows beneath a row, itself not counted. */
export const sizeOf = ({ children }: Tree): number => children.reduce((sum, child) => sum + 1 + sizeOf(child), 0);

export function CauseTree({ tree }: { readonly tree: Tree }) {
  const size = sizeOf(tree);
  return (
    <>
      <ul class="cause-tree">
        <Branch tree={tree} since={tree.row.at} />
      </ul>
      <p class="quiet">{size === 0 ? 'It set nothing off.' : `It set off ${countText(size, 'row')}.`}</p>
    </>
  );
}

function Branch({ tree: { row, children }, since }: { readonly tree: Tree; readonly since: number }) {
  return (
    <li>
      <div class="cause-row">
        <span class="code muted">{numberText(row.seq)}</span>
        {row.at === since ? (
          <TimeOfDay at={row.at} withMs />
        ) : (
          <span class="code time">+{spanText(row.at - since)}</span>
        )}
        <Who of={row} />
        <EventLink event={row.event} tone={row.tone} />
        <StateMove row={row} />
        <Note row={row} />
      </div>
      {children.length > 0 && (
        <ul>
          {children.map((child) => (
            <Branch key={String(child.row.seq)} tree={child} since={since} />
          ))}
        </ul>
      )}
    </li>
  );
}
