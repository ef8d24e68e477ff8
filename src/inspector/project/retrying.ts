/** The same failure of many effects, tried again: all that wait or were given up with the same words. */
import { Refused } from '../../core/errors.ts';
import type { EffectRow } from '../../store/port.ts';
import type { BulkRetryAnswer, BulkRetryBody, SendAnswer } from '../contract-commands.ts';
import type { Order } from '../source.ts';
import type { Inspection } from './inspection.ts';
import { answerOf, controlOf, orderFor, TOGETHER } from './sending.ts';

/** Effects that one command tries again: each is a commit of its own. */
const MOST = 500;
/** Effects that are looked at for them, and those of one slice. */
const LOOK_MAX = 20_000;
const SLICE = 500;

type Alike = Pick<BulkRetryBody, 'type' | 'note'>;
type Asked = { readonly alike: Alike; readonly order: Order };

/** What was given up comes before what waits. Each by itself: one that runs by now does not keep the others. */
export async function retryMany(inspection: Inspection, { alike, order }: Asked): Promise<BulkRetryAnswer> {
  const control = controlOf(inspection);
  const found = await alikeOf(inspection, alike);
  // A repetition is about the effects of the first time, not about what has failed since.
  const { keys, isAll } = order.idempotency ? await control.once(found, order.idempotency) : found;
  const retried: SendAnswer[] = [];
  const refused: { key: string; why: string }[] = [];
  for (let from = 0; from < keys.length; from += TOGETHER) {
    const batch = keys.slice(from, from + TOGETHER).map(async (key) => {
      try {
        retried.push(answerOf(await control.retryEffect(key, orderFor(order, key))));
      } catch (thrown) {
        if (!(thrown instanceof Refused)) throw thrown;
        refused.push({ key, why: thrown.message });
      }
    });
    await Promise.all(batch);
  }
  return { retried, refused, isAll };
}

type Found = { readonly keys: readonly string[]; readonly isAll: boolean };

async function alikeOf(inspection: Inspection, { type, note }: Alike): Promise<Found> {
  const { reads, mask } = inspection.source;
  const isAlike = (row: EffectRow) => row.type === type && row.note !== null && mask(row.note) === note;
  const keys: string[] = [];
  let looked = 0;
  for (const status of ['dead', 'pending'] as const) {
    for (let after: string | null | undefined; after !== null; ) {
      if (looked >= LOOK_MAX || keys.length > MOST) return { keys: keys.slice(0, MOST), isAll: false };
      const page = reads.effects({ status }, { limit: SLICE, ...(after !== undefined && { after }) });
      keys.push(...page.items.filter(isAlike).map(({ key }) => key));
      looked += page.items.length;
      after = page.next;
      await inspection.pause();
    }
  }
  return { keys: keys.slice(0, MOST), isAll: keys.length <= MOST };
}
