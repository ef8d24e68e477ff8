/** Sending events in a person's name: to one or to many, after a look at what would happen. */
import { coerceError, Refused } from '../../core/errors.ts';
import type { EngineEvent, EntityRef } from '../../core/types.ts';
import { parseRef, type Receipt, refText } from '../../core/types.ts';
import type { BulkAnswer, BulkPreview, PreviewView, SendAnswer, SendBody } from '../contract-commands.ts';
import type { InspectorControl, Order } from '../source.ts';
import type { Inspection } from './inspection.ts';
import { acceptsOf } from './subject.ts';

/** Events of one bulk that are sent before others get their turn. */
export const TOGETHER = 20;

/** Refused `forbidden` when nothing can be changed from here. */
export function controlOf({ source }: Inspection): InspectorControl {
  if (source.control) return source.control;
  throw new Refused(
    'forbidden',
    'this is a stopped database that is only read: start what it belongs to, then try again',
  );
}

/** The event as it is sent: with the reason, where the machine keeps it in its payload. */
function eventOf({ machines }: Inspection, ref: EntityRef, { event, payload, reason }: SendBody): EngineEvent {
  const action = machines.get(ref.machine).description.actions?.find((known) => known.event === event);
  const field = action?.reasonField;
  return { ...payload, ...(field && reason && { [field]: reason }), type: event };
}

/** Refused `not_accepted` with what is legal: the state accepts it, and the host offers it. */
function checkLegal({ machines, source }: Inspection, ref: EntityRef, type: string): void {
  const machine = machines.get(ref.machine);
  const row = source.reads.entity(ref);
  if (!row) throw new Refused('unknown_entity', `there is no ${refText(ref)}`, { entity: refText(ref) });
  const { actions } = machine.description;
  const offered = acceptsOf(machine, row).filter(
    (accepted) => !actions || actions.some(({ event }) => event === accepted),
  );
  if (offered.includes(type)) return;
  const rest = offered.length > 0 ? `a person may send ${offered.join(', ')}` : 'a person may send nothing now';
  const message = `${refText(ref)} in ${row.state} does not take ${type} from here; ${rest}`;
  throw new Refused('not_accepted', message, { entity: refText(ref), event: type, accepts: offered });
}

export function previewOf(inspection: Inspection, ref: EntityRef, body: SendBody): PreviewView {
  const control = controlOf(inspection);
  const row = inspection.source.reads.entity(ref);
  if (!row) throw new Refused('unknown_entity', `there is no ${refText(ref)}`, { entity: refText(ref) });
  const nothing = { taken: [], timers: [], effects: [], sends: [] };
  const refused = (why: string) => ({
    ...{ ref: refText(ref), accepted: false, why, before: row.state, after: row.state, ...nothing },
  });
  try {
    checkLegal(inspection, ref, body.event);
  } catch (thrown) {
    return refused(coerceError(thrown).message);
  }
  const event = eventOf(inspection, ref, body);
  const { refused: why, step } = control.preview({ to: ref, event, by: 'preview' });
  if (!step) return refused(why ?? 'it is not accepted');
  return {
    ...{ ref: refText(ref), accepted: true, why: null, before: step.before.join(' '), after: step.after.join(' ') },
    taken: step.taken,
    timers: step.timers.set.map(({ name, delayMs }) => ({ name, delayMs })),
    effects: step.effects.map(({ type }) => type),
    sends: step.sends.map(({ to, event: sent }) => ({
      to: 'linked' in to ? `everyone by ${to.linked}` : refText(to),
      event: sent.type,
    })),
  };
}

export async function send(inspection: Inspection, ref: EntityRef, asked: Asked): Promise<SendAnswer> {
  const control = controlOf(inspection);
  const { by, idempotency } = asked.order;
  // A repetition gets the first answer again, whatever the state is by now.
  const isRepeated = idempotency && inspection.source.reads.request(by, idempotency.key) !== null;
  if (!isRepeated) checkLegal(inspection, ref, asked.body.event);
  return answerOf(await control.send(ref, eventOf(inspection, ref, asked.body), asked.order));
}

export type Asked = { readonly body: SendBody; readonly order: Order };

export function answerOf({ seq, entity, at, state }: Receipt): SendAnswer {
  return { seq, ref: refText(entity), at, state };
}

export function previewMany(inspection: Inspection, refs: readonly string[], body: SendBody): BulkPreview {
  const views = refs.map((ref) => previewOrWhy(inspection, ref, body));
  return {
    accept: views.filter(({ why }) => why === null).map(({ ref }) => ref),
    refuse: views.flatMap(({ ref, why }) => (why === null ? [] : [{ ref, why }])),
  };
}

function previewOrWhy(inspection: Inspection, ref: string, body: SendBody): { ref: string; why: string | null } {
  try {
    return { ref, why: previewOf(inspection, parseRef(ref), body).why };
  } catch (thrown) {
    if (thrown instanceof Refused && thrown.code === 'unknown_entity') return { ref, why: thrown.message };
    throw thrown;
  }
}

/** Each by itself: one that is refused does not keep the others from taking it. */
export async function sendMany(inspection: Inspection, refs: readonly string[], asked: Asked): Promise<BulkAnswer> {
  const sent: SendAnswer[] = [];
  const refused: { ref: string; why: string }[] = [];
  for (let from = 0; from < refs.length; from += TOGETHER) {
    const batch = refs.slice(from, from + TOGETHER).map(async (ref) => {
      try {
        sent.push(await send(inspection, parseRef(ref), { ...asked, order: orderFor(asked.order, ref) }));
      } catch (thrown) {
        if (!(thrown instanceof Refused)) throw thrown;
        refused.push({ ref, why: thrown.message });
      }
    });
    await Promise.all(batch);
  }
  return { sent, refused };
}

/** A key of its own for each of many, so that a repetition is one for each. */
export function orderFor(order: Order, ref: string): Order {
  const { idempotency } = order;
  return idempotency ? { ...order, idempotency: { ...idempotency, key: `${idempotency.key} ${ref}` } } : order;
}
