/** Rows of the store as they go over the wire: an entity is named `machine/id`, and nothing internal is shown. */
import type { Context } from 'hono';
import { Refused } from '../core/errors.ts';
import { type EntityRef, parseRef, type Receipt, refText, type Seq } from '../core/types.ts';
import type { LogRow, Paged, TimerRow } from '../store/port.ts';
import type { EntityView, Town } from '../town/api.ts';

export function receiptView({ seq, entity, at, state }: Receipt) {
  return { seq, entity: refText(entity), at, state };
}

export function logRowView({ definition: _, entity, ...row }: LogRow) {
  return { ...row, entity: refText(entity) };
}

export function timerView({ entity, ...row }: TimerRow) {
  return { ...row, entity: refText(entity) };
}

/** A page, with the address of the next one in its `Link` header. `cursor` is the parameter that continues the list. */
export function page<T extends object>(context: Context, { items, next }: Paged<T>, cursor = 'after'): Response {
  if (next !== null) {
    const query = new URL(context.req.url).searchParams;
    query.set(cursor, next);
    context.header('Link', `<${context.req.path}?${query}>; rel="next"`);
  }
  return context.json({ items, next });
}

/** Refused `unknown_entity` when it is not there. */
export function requireEntity(town: Town, ref: EntityRef): EntityView {
  const view = town.get(ref);
  if (view) return view;
  throw new Refused('unknown_entity', `there is no ${refText(ref)} in this town`, { entity: refText(ref) });
}

/** `bead/gt-1` as it is given in a query. Refused `invalid` when it names no machine and id. */
export function refOf(text: string): EntityRef {
  const ref = parseRef(text);
  if (ref.machine !== '' && ref.id !== '') return ref;
  throw new Refused('invalid', `"${text}" names no entity: write machine/id, like bead/gt-1`);
}

/** The position of the last row of the log. */
export function headOf(town: Town): Seq {
  return town.log({}, { limit: 1, order: 'desc' })[0]?.seq ?? 0;
}
