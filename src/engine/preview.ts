/**
 * What an event would do, without doing it: the pure step of its receiver, and of everybody whom a message of it must
 * reach. Nothing is written. Checks that the host makes at a commit are not made here.
 */
import { coerceError, Refused } from '../core/errors.ts';
import { acceptedEvents, contextOf, type Hydrated } from '../core/snapshot.ts';
import { birth, type Taken, take } from '../core/step.ts';
import { type EntityRef, type Envelope, type EpochMs, refText, type SendSpec, type Step } from '../core/types.ts';
import { findEntity } from './entity.ts';
import type { Kernel } from './kernel.ts';
import { checkPayload } from './payload.ts';
import { notAccepted } from './refusal.ts';

/** `refused` is a sentence, and `step` then null. */
export type Preview = { readonly refused: string | null; readonly step: Step | null };

/** Messages that are followed; more than that are taken as accepted. */
const MESSAGES_MAX = 200;

type Message = { readonly to: EntityRef; readonly event: Envelope['event']; readonly must: boolean };

/** Throws Refused `invalid` for an unknown machine, and for what is no small JSON. */
export function preview(kernel: Kernel, { to, event }: Envelope): Preview {
  kernel.definitions.get(to.machine);
  checkPayload(event, `the event ${event.type}`, kernel.limits.payloadBytesMax);
  const snapshots = new Map<string, Hydrated>();
  const at = kernel.env.clock.now();
  let root: Step | null = null;
  const messages: Message[] = [{ to, event, must: true }];
  for (let index = 0; index < Math.min(messages.length, MESSAGES_MAX); index += 1) {
    const message = messages[index] as Message;
    const taken = answerOf(kernel, snapshots, { message, at });
    if (typeof taken === 'string') {
      if (root === null) return { refused: taken, step: null };
      if (message.must)
        return { refused: `${message.event.type} must reach ${refText(message.to)}: ${taken}`, step: null };
      continue;
    }
    root ??= taken.step;
    snapshots.set(refText(message.to), taken.snapshot);
    messages.push(...taken.step.sends.flatMap((send) => receiversOf(kernel, message.to, send)));
  }
  return { refused: null, step: root };
}

function receiversOf({ store }: Kernel, sender: EntityRef, { to, event, must }: SendSpec): readonly Message[] {
  const receivers = 'linked' in to ? store.read.links(sender, to.linked, 'in') : [to];
  return receivers.map((receiver) => ({ to: receiver, event, must }));
}

type Asked = { readonly message: Message; readonly at: EpochMs };

/** The step, or the sentence of the refusal. */
function answerOf(kernel: Kernel, snapshots: Map<string, Hydrated>, { message, at }: Asked): Taken | string {
  const { to, event } = message;
  try {
    const known = kernel.definitions.find(to.machine);
    if (!known) return `there is no machine ${to.machine}`;
    const { definition } = known;
    const before = snapshots.get(refText(to)) ?? snapshotOf(kernel, to, at);
    if (before === null) return `there is no ${refText(to)}`;
    const stale = definition.options.fence?.(contextOf(before), event);
    if (stale) return stale;
    const taken = take(definition, before, event, at);
    if (taken.step.accepted) return taken;
    const accepts = acceptedEvents(definition, before);
    return notAccepted(`${refText(to)} in ${taken.step.before.join(' ')}`, event.type, accepts);
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown.message;
    return `its machine fails at this event: ${coerceError(thrown).message}`;
  }
}

/** As it is now, or as it would be born by this message; null when it would not. */
function snapshotOf({ store, definitions, cache }: Kernel, ref: EntityRef, at: EpochMs): Hydrated | null {
  const entity = findEntity({ reads: store.read, definitions, cache }, ref);
  if (entity) return entity.snapshot;
  const { definition } = definitions.get(ref.machine);
  const input = definition.options.autoCreate?.(ref.id);
  return input === undefined ? null : birth(definition, input, at).snapshot;
}
