/** The steps of a timeline as a table in a frame of its own height: of many rows, only those in sight are drawn. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { LogLine } from '../../../contract.ts';
import { numberText, timeText } from '../../words.ts';
import { Cause, EventLink, eventText, FineTime, Note, Sender, StateMove } from '../cells.tsx';
import { indexOf } from './travel.ts';
import { type RowWindow, rowsInSight } from './window.ts';

/** As the style sheet has it. */
const ROW_HEIGHT = 28;
/** So many rows are drawn all, which lets a page without script show them and the browser find words in them. */
const ALL = 200;
const COLUMNS = 7;

export type StepRowsProps = {
  readonly rows: readonly LogLine[];
  /** Places in the log of the row looked at, and of the one that it is compared with. */
  readonly at: number | null;
  readonly compare: number | null;
  /** `keep`: compare with where one was. */
  readonly onChoose: (index: number, keep: boolean) => void;
};

export function StepRows({ rows, at, compare, onChoose }: StepRowsProps) {
  const frame = useRef<HTMLElement>(null);
  const sight = useSight(frame, rows.length);
  useStayInSight(frame, rows, at);
  const chosen = at === null ? null : rows[indexOf(rows, at)]?.seq;
  const twin = compare === null ? null : rows[indexOf(rows, compare)]?.seq;
  if (rows.length === 0) return <p class="quiet">No step of it is in the log any more.</p>;
  return (
    <section class="steps" ref={frame} aria-label="Steps">
      <table class="table" aria-rowcount={rows.length + 1}>
        <caption class="unseen">Steps, the oldest first</caption>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">Time</th>
            <th scope="col">Event</th>
            <th scope="col">State</th>
            <th scope="col" class="wide">
              Note
            </th>
            <th scope="col" class="minor">
              By
            </th>
            <th scope="col" class="minor number">
              Cause
            </th>
            <th scope="col" class="minor number">
              Row
            </th>
          </tr>
        </thead>
        <tbody>
          <Space height={sight.above} />
          {rows.slice(sight.first, sight.end).map((row, offset) => (
            <Step
              key={String(row.seq)}
              {...{ row, index: sight.first + offset, onChoose }}
              mark={row.seq === chosen ? 'here' : row.seq === twin ? 'twin' : null}
            />
          ))}
          <Space height={sight.below} />
        </tbody>
      </table>
    </section>
  );
}

/** Keeps the length of the scroll bar. The attribute, because a page without inline styles may have no other. */
function Space({ height }: { readonly height: number }) {
  if (height === 0) return null;
  const cell = { height: String(height) };
  return (
    <tr class="steps-space">
      <td colSpan={COLUMNS} {...cell} />
    </tr>
  );
}

type StepProps = {
  readonly row: LogLine;
  readonly index: number;
  readonly mark: 'here' | 'twin' | null;
  readonly onChoose: (index: number, keep: boolean) => void;
};

function Step({ row, index, mark, onChoose }: StepProps) {
  const choose = (event: MouseEvent) => onChoose(index, event.shiftKey);
  const onClick = (event: MouseEvent) => {
    if (event.target instanceof Element && event.target.closest('a, button') === null) choose(event);
  };
  const names = [
    mark === 'here' && 'step-here',
    mark === 'twin' && 'step-twin',
    row.rejected !== null && 'row-refused',
  ];
  return (
    <tr
      class={names.filter(Boolean).join(' ') || undefined}
      aria-current={mark === 'here' ? 'step' : undefined}
      aria-rowindex={index + 2}
      data-step={index}
      onClick={onClick}
    >
      <td>
        <button
          type="button"
          class="row-button"
          aria-label={`${timeText(row.at, true)}, ${eventText(row.event)}: look at it`}
          onClick={choose}
        >
          <FineTime at={row.at} />
        </button>
      </td>
      <td>
        <EventLink event={row.event} tone={row.tone} />
      </td>
      <td>
        <StateMove row={row} />
      </td>
      <td class="wide">
        <Note row={row} />
      </td>
      <td class="minor">
        <Sender by={row.by} />
      </td>
      <td class="minor number">
        <Cause cause={row.cause} />
      </td>
      <td class="minor number code muted">{numberText(row.seq)}</td>
    </tr>
  );
}

type FrameRef = { readonly current: HTMLElement | null };

function useSight(frame: FrameRef, count: number): RowWindow {
  const [scroll, setScroll] = useState({ scrollTop: Number.MAX_SAFE_INTEGER, height: 400 });
  useEffect(() => {
    const element = frame.current;
    if (element === null || count <= ALL) return;
    const look = () => setScroll({ scrollTop: element.scrollTop, height: element.clientHeight });
    element.addEventListener('scroll', look, { passive: true });
    return () => element.removeEventListener('scroll', look);
  }, [count > ALL]);
  if (count <= ALL) return { first: 0, end: count, above: 0, below: 0 };
  return rowsInSight(count, { ...scroll, rowHeight: ROW_HEIGHT });
}

/** Scrolls to the row that is looked at; live, it stays at the end while the reader is there. */
function useStayInSight(frame: FrameRef, rows: readonly LogLine[], at: number | null): void {
  const wasAtEnd = useRef(true);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const look = () => {
      wasAtEnd.current = element.scrollTop + element.clientHeight >= element.scrollHeight - ROW_HEIGHT;
    };
    element.addEventListener('scroll', look, { passive: true });
    return () => element.removeEventListener('scroll', look);
  }, []);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    if (at === null) {
      if (wasAtEnd.current) element.scrollTop = element.scrollHeight;
      return;
    }
    const top = indexOf(rows, at) * ROW_HEIGHT;
    const room = element.clientHeight - 2 * ROW_HEIGHT;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top > element.scrollTop + room) element.scrollTop = top - room;
  }, [rows, at]);
}
