/** What of the log is shown: kept in the address, so that a link shows the same rows to somebody else. */
import type { LogQuery } from '../../../contract.ts';
import { useApp } from '../../app.ts';
import { dateTimeText } from '../../words.ts';
import { FILTERS, isFiltered } from './log-query.ts';

const FIELDS = [
  { name: 'entity', label: 'Entity', hint: 'machine/id' },
  { name: 'event', label: 'Event', hint: 'DISPATCH' },
  { name: 'by', label: 'By', hint: 'operator' },
  { name: 'text', label: 'Text', hint: 'any words' },
] as const;

export function Filters({ query }: { readonly query: LogQuery }) {
  const { route, machines } = useApp();
  const choose = (name: string) => (event: Event) => {
    const { value } = event.currentTarget as HTMLInputElement | HTMLSelectElement;
    route.set({ [name]: value.trim() || null });
  };
  const clear = () => route.set(Object.fromEntries(FILTERS.map((name) => [name, null])), { push: true });
  return (
    <search class="filters">
      <label>
        <span>Machine</span>
        <select value={query.machine ?? ''} onChange={choose('machine')}>
          <option value="">all</option>
          {machines.value.map(({ machine, plural }) => (
            <option key={machine} value={machine}>
              {plural}
            </option>
          ))}
        </select>
      </label>
      {FIELDS.map(({ name, label, hint }) => (
        <label key={name}>
          <span>{label}</span>
          <input
            type="search"
            value={query[name] ?? ''}
            placeholder={hint}
            onChange={choose(name)}
            spellcheck={false}
          />
        </label>
      ))}
      <label class="filter-check">
        <input
          type="checkbox"
          checked={query.rejected === true}
          onChange={(event) => route.set({ rejected: event.currentTarget.checked ? 'true' : null })}
        />
        <span>refused only</span>
      </label>
      {query.until !== undefined && (
        <button
          type="button"
          class="button small filter-until"
          onClick={() => route.set({ until: null }, { push: true })}
        >
          until {dateTimeText(query.until)} ✕
        </button>
      )}
      {isFiltered(query) && (
        <button type="button" class="button small" onClick={clear}>
          Show all
        </button>
      )}
    </search>
  );
}
