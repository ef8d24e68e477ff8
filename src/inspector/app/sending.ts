/** Sending events: at once where it is harmless and complete, else by the dialog that previews, asks and confirms. */
import { signal } from '@preact/signals';
import type { ActionView } from '../contract.ts';
import type { SendBody } from '../contract-commands.ts';
import { asProblem } from './api.ts';
import type { App } from './app.ts';
import { countText, idOf, machineOf } from './words.ts';

/** What the dialog is about: one event to one entity, or to many of one machine. */
export type Sending = { readonly action: ActionView; readonly references: readonly string[] };

/** The open dialog; null: none. One for the page. */
export const asked = signal<Sending | null>(null);

/** True: nothing to fill in and nothing to be sure about. */
export function isPlain({ action, references }: Sending): boolean {
  return !action.destroys && action.payload === null && references.length === 1;
}

/** Sends, waits until the page shows it, and says what happened. Throws Problem. */
export async function deliver(app: App, { action, references }: Sending, body: SendBody): Promise<void> {
  const [first = ''] = references;
  if (references.length === 1) {
    const receipt = await app.api.send(first, body);
    await arrive(app, receipt.seq);
    say(app, `${action.label}: ${idOf(first)} is ${receipt.state}`);
    return;
  }
  const { sent, refused } = await app.api.sendMany(machineOf(first), references, body);
  await arrive(app, Math.max(0, ...sent.map(({ seq }) => seq)));
  const suffix = refused.length === 0 ? '' : `, ${refused.length} refused`;
  say(app, `${action.label}: ${countText(sent.length, 'entity', 'entities')}${suffix}`);
}

/** Waits until the page shows a receipt's position, and fetches what is looked at. */
export async function arrive(app: App, seq: number): Promise<void> {
  await app.live.reached(seq);
  await app.answers.refetchAll();
}

export function say(app: App, text: string): void {
  app.notice.value = { text, tone: 'ok' };
}

export function sayProblem(app: App, thrown: unknown): void {
  const { title, detail } = asProblem(thrown);
  app.notice.value = { text: `${title}. ${detail}`, tone: 'danger' };
}

/**
 * What a button does when it is pressed: sends, or opens the dialog. With `always` it opens it anyway, for a reason.
 */
export async function press(app: App, sending: Sending, always = false): Promise<void> {
  if (always || !isPlain(sending)) {
    asked.value = sending;
    return;
  }
  try {
    await deliver(app, sending, { event: sending.action.event });
  } catch (thrown) {
    sayProblem(app, thrown);
  }
}
