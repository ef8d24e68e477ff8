/** Rows of the log as a table; one of them opened to show its payload and what it set off. */
import { Fragment } from 'preact';
import type { LogLine } from '../../../contract.ts';
import { numberText } from '../../words.ts';
import { Cause, EventLink, FineTime, Note, Sender, StateMove, Who } from '../cells.tsx';
import { JsonTree } from '../entity/JsonTree.tsx';
import { CauseTreePanel } from './CauseTree.tsx';

export type LogTableProps = {
  readonly rows: readonly LogLine[];
  /** Place of the row that is open. */
  readonly chosen: number | null;
  readonly onChoose: (seq: number | null) => void;
};

const COLUMNS = 8;

export function LogTable({ rows, chosen, onChoose }: LogTableProps) {
  return (
    <div class="table-frame">
      <table class="table log-table">
        <caption class="unseen">Rows of the log, the newest first</caption>
        <Columns />
        <thead>
          <tr>
            <th scope="col" class="number">
              Row
            </th>
            <th scope="col">Time</th>
            <th scope="col">Entity</th>
            <th scope="col">Event</th>
            <th scope="col">State</th>
            <th scope="col" class="log-note">
              Note
            </th>
            <th scope="col" class="minor">
              By
            </th>
            <th scope="col" class="minor">
              Cause
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Fragment key={String(row.seq)}>
              <Row row={row} isOpen={row.seq === chosen} onChoose={onChoose} />
              {row.seq === chosen && (
                <tr class="log-open">
                  <td colSpan={COLUMNS}>
                    <Opened row={row} onClose={() => onChoose(null)} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Fixed, so that rows that come and go move no column. */
function Columns() {
  const names = ['row', 'time', 'entity', 'event', 'state', 'note', 'by', 'cause'];
  return (
    <colgroup>
      {names.map((name) => (
        <col key={name} class={`col-${name}`} />
      ))}
    </colgroup>
  );
}

type RowProps = { readonly row: LogLine; readonly isOpen: boolean; readonly onChoose: (seq: number | null) => void };

function Row({ row, isOpen, onChoose }: RowProps) {
  const toggle = () => onChoose(isOpen ? null : row.seq);
  return (
    <tr class={row.rejected === null ? undefined : 'row-refused'} data-row={String(row.seq)} tabIndex={-1}>
      <td class="number">
        <button
          type="button"
          class="row-button code"
          aria-expanded={isOpen}
          title="Payload, and what it set off"
          onClick={toggle}
        >
          {numberText(row.seq)}
        </button>
      </td>
      <td>
        <FineTime at={row.at} />
      </td>
      <td class="log-entity">
        <Who of={row} />
      </td>
      <td>
        <EventLink event={row.event} tone={row.tone} />
      </td>
      <td>
        <StateMove row={row} />
      </td>
      <td class="log-note">
        <Note row={row} />
      </td>
      <td class="minor">
        <Sender by={row.by} />
      </td>
      <td class="minor">
        <Cause cause={row.cause} />
      </td>
    </tr>
  );
}

function Opened({ row, onClose }: { readonly row: LogLine; readonly onClose: () => void }) {
  return (
    <div class="log-opened">
      <section aria-label="Payload">
        <h2>Payload</h2>
        <JsonTree value={row.payload} label="The payload" />
        {row.reason !== null && <p>Reason given: {row.reason}</p>}
      </section>
      <CauseTreePanel seq={row.seq} onClose={onClose} />
    </div>
  );
}
