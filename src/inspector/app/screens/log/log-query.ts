/** The filters of the log as an address has them. Pure, so that the server knows what a page will ask for. */
import type { LogQuery } from '../../../contract.ts';

const TEXTS = ['machine', 'entity', 'event', 'by', 'text'] as const;

/** Every setting of the address that is a filter, to take them all away. */
export const FILTERS: readonly string[] = [...TEXTS, 'rejected', 'until'];

/** `setting` gives the value of a setting in the address; empty when it is not there. */
export function logQueryOf(setting: (name: string) => string): LogQuery {
  const texts = TEXTS.map((name) => [name, setting(name)] as const).filter(([, value]) => value !== '');
  const until = Number(setting('until'));
  return {
    ...Object.fromEntries(texts),
    ...(setting('rejected') === 'true' && { rejected: true }),
    ...(until > 0 && { until }),
  };
}

export const isFiltered = (query: LogQuery): boolean => Object.keys(query).length > 0;
