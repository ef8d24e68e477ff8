/** Lists of rows, as real tables: sortable where the server sorts, with "more" where there are more. */
import type { ComponentChildren } from 'preact';
import type { Tone } from '../../contract.ts';

export type Column<T> = {
  readonly key: string;
  readonly head: string;
  readonly cell: (item: T) => ComponentChildren;
  /** Numbers and ages stand at the right edge. */
  readonly isNumber?: boolean;
  /** Takes the room that is left and is cut off with dots. */
  readonly isWide?: boolean;
  /** Left out where the screen is narrow. */
  readonly isMinor?: boolean;
  /** What the server calls this order. */
  readonly sort?: string;
};

type TableProps<T> = {
  /** Says what the rows are; not drawn, but told to screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly toneOf?: (item: T) => Tone;
  readonly selected?: string | null;
  readonly sort?: { readonly by: string; readonly onSort: (sort: string) => void };
  readonly hasMore?: boolean;
  readonly onMore?: () => void;
};

const alignment = <T,>({ isNumber, isWide, isMinor }: Column<T>) =>
  [isNumber && 'number', isWide && 'wide', isMinor && 'minor'].filter(Boolean).join(' ') || undefined;

export function Table<T>(props: TableProps<T>) {
  const { caption, columns, items, keyOf, toneOf, selected, sort, hasMore, onMore } = props;
  return (
    <div class="table-frame">
      <table class="table">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => {
            const key = keyOf(item);
            const tone = toneOf?.(item);
            return (
              <tr
                key={key}
                data-row={key}
                tabIndex={-1}
                class={tone && `row-${tone}`}
                aria-current={selected === key ? 'true' : undefined}
              >
                {columns.map((column) => (
                  <td key={column.key} class={alignment(column)}>
                    {column.cell(item)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {hasMore && onMore && (
        <button type="button" class="button more" onClick={onMore}>
          More
        </button>
      )}
    </div>
  );
}

type HeadProps<T> = { column: Column<T>; sort: TableProps<T>['sort'] };

function Head<T>({ column, sort }: HeadProps<T>) {
  const { sort: order, head } = column;
  if (order === undefined || sort === undefined) {
    return (
      <th scope="col" class={alignment(column)}>
        {head}
      </th>
    );
  }
  const isSorted = sort.by === order;
  return (
    <th scope="col" class={alignment(column)} aria-sort={isSorted ? 'ascending' : undefined}>
      <button type="button" class="sort" onClick={() => sort.onSort(order)}>
        {head}
        <span aria-hidden="true">{isSorted ? ' ↓' : ''}</span>
      </button>
    </th>
  );
}
