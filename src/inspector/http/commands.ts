/** What people do here: look at what an event would do, send it, fire a timer, try an effect again. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Refused } from '../../core/errors.ts';
import { type EntityRef, parseRef } from '../../core/types.ts';
import { bodyOf } from '../../http/body.ts';
import type { BulkBody, BulkRetryBody, FireBody, RetryBody, SendBody } from '../contract-commands.ts';
import type { Inspection } from '../project/inspection.ts';
import { retryMany } from '../project/retrying.ts';
import { answerOf, controlOf, previewMany, previewOf, send, sendMany } from '../project/sending.ts';
import type { Order } from '../source.ts';
import type { InspectorApp, InspectorContext } from './context.ts';
import { requireOperate } from './guard.ts';

const REASON_MAX = 1_000;
const BULK_MAX = 500;
const KEY = /^[\x21-\x7e]{1,200}$/;

const reason = z
  .string()
  .max(REASON_MAX)
  .transform((text) => text.trim() || undefined)
  .optional();
const sendShape = { event: z.string().min(1).max(200), payload: z.record(z.string(), z.json()).optional(), reason };
const sendBody = z.strictObject(sendShape);
const bulkBody = z.strictObject({ ...sendShape, refs: z.array(z.string().max(500)).min(1).max(BULK_MAX) });
const fireBody = z.strictObject({ ref: z.string().max(500), id: z.string().max(500), reason });
const bulkRetryBody = z.strictObject({ type: z.string().min(1).max(200), note: z.string().max(10_000), reason });
const retryBody = z.strictObject({ key: z.string().max(1_000), reason });

export function commandRoutes(app: InspectorApp, inspection: Inspection): void {
  app.post('/api/entities/:machine/:id/preview', async (context) => {
    const { body } = await read<SendBody>(context, sendBody);
    return context.json(previewOf(inspection, entityOf(inspection, context), body));
  });
  app.post('/api/entities/:machine/:id/events', async (context) => {
    const { body, order } = await read<SendBody>(context, sendBody);
    return context.json(await send(inspection, entityOf(inspection, context), { body, order }));
  });
  app.post('/api/machines/:machine/preview', async (context) => {
    const { body } = await read<BulkBody>(context, bulkBody);
    return context.json(previewMany(inspection, refsOf(inspection, context, body), body));
  });
  app.post('/api/machines/:machine/events', async (context) => {
    const { body, order } = await read<BulkBody>(context, bulkBody);
    return context.json(await sendMany(inspection, refsOf(inspection, context, body), { body, order }));
  });
  app.post('/api/timers/fire', async (context) => {
    const { body, order } = await read<FireBody>(context, fireBody);
    const control = controlOf(inspection);
    return context.json(answerOf(await control.fireTimer(parseRef(body.ref), body.id, order)));
  });
  app.post('/api/outbox/retry', async (context) => {
    const { body, order } = await read<RetryBody>(context, retryBody);
    return context.json(answerOf(await controlOf(inspection).retryEffect(body.key, order)));
  });
  app.post('/api/outbox/retry-all', async (context) => {
    const { body, order } = await read<BulkRetryBody>(context, bulkRetryBody);
    return context.json(await retryMany(inspection, { alike: body, order }));
  });
}

/** Throws Refused `invalid` for a machine that there is not. */
function entityOf({ machines }: Inspection, context: InspectorContext): EntityRef {
  const { name } = machines.get(context.req.param('machine') ?? '');
  return { machine: name, id: context.req.param('id') ?? '' };
}

function refsOf({ machines }: Inspection, context: InspectorContext, { refs }: BulkBody): readonly string[] {
  const { name } = machines.get(context.req.param('machine') ?? '');
  const strange = refs.find((ref) => parseRef(ref).machine !== name);
  if (strange === undefined) return [...new Set(refs)];
  throw new Refused('invalid', `${strange} is no entity of ${name}: send one event to entities of one machine`);
}

/** The body, and in whose name it is done. Refused when the caller may not, or the body is not as it should be. */
async function read<T extends { reason?: string }>(
  context: InspectorContext,
  schema: z.ZodType,
): Promise<{ readonly body: T; readonly order: Order }> {
  requireOperate(context);
  const { text, value } = await bodyOf(context.req.raw);
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(parsed.error);
  const body = parsed.data as T;
  const by = context.get('by');
  return { body, order: { by, reason: body.reason, idempotency: idempotencyOf(context, by, text) } };
}

function invalid({ issues }: z.ZodError): Refused {
  const errors = issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const told = errors.map(({ path, message }) => `${path || 'the body'}: ${message}`).join('; ');
  return new Refused('invalid', `this is no request of that kind: ${told}`, { errors });
}

function idempotencyOf(context: InspectorContext, principal: string, text: string): Order['idempotency'] {
  const key = context.req.header('idempotency-key');
  if (key === undefined) return undefined;
  if (!KEY.test(key))
    throw new Refused('invalid', 'the Idempotency-Key header holds 1 to 200 visible ASCII characters');
  const hash = createHash('sha256').update(`${context.req.path}\n${text}`).digest('hex');
  return { principal, key, hash };
}
