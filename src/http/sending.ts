/** Requests that change something: who asks, under which idempotency key, and the receipt as an answer. */
import { createHash } from 'node:crypto';
import { Refused } from '../core/errors.ts';
import type { EngineEvent, EntityRef, Receipt } from '../core/types.ts';
import type { SendOptions, Town } from '../town/api.ts';
import { answer } from './api.ts';
import { readBody } from './body.ts';
import type { ApiContext } from './context.ts';
import { receiptView } from './views.ts';

/** Who asks, and the key under which a repetition gets the same answer. Refused `invalid` for a key that is none. */
export async function sendOptions(context: ApiContext): Promise<SendOptions> {
  const principal = context.get('principal');
  const key = context.req.header('idempotency-key');
  if (key === undefined) return { by: principal };
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new Refused('invalid', 'the Idempotency-Key header holds 1 to 200 visible ASCII characters, like a UUID');
  }
  const { text } = await readBody(context);
  const hash = createHash('sha256').update(`${context.req.method}\n${context.req.path}\n${text}`).digest('hex');
  return { by: principal, idempotency: { principal, key, hash } };
}

/** Marks an answer that was given before. */
export function markReplayed(context: ApiContext, receipts: readonly { replayed?: boolean }[]): void {
  if (receipts.some(({ replayed }) => replayed)) context.header('Idempotency-Replayed', 'true');
}

export function answerReceipt(context: ApiContext, receipt: Receipt, status: 200 | 201 = 200): Response {
  markReplayed(context, [receipt]);
  return answer(context, receiptView(receipt), status);
}

type Letter = { readonly to: EntityRef; readonly event: EngineEvent };

/** Sends an event in the caller's name and answers with the receipt. */
export async function sendAndAnswer(town: Town, context: ApiContext, { to, event }: Letter): Promise<Response> {
  const receipt = await town.send(to, event, await sendOptions(context));
  return answerReceipt(context, receipt);
}
