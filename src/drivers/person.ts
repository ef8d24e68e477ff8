/**
 * What a person does to a run that goes on: says something, which the agent is told when its turn has ended, or takes
 * the conversation over, so that nothing but the person's words is prompted until they give it back.
 */
import type { DriverHost, PersonInput } from './host.ts';

type Message = { readonly id: string; readonly text: string };

export class Person {
  readonly #host: DriverHost;
  readonly #forget: () => void;
  #messages: Message[] = [];
  /** What the agent is being told: the runtime has not taken it yet. */
  #saying: readonly Message[] = [];
  #attends = false;
  #onTakeOver: (() => void) | null = null;
  #wake: (() => void) | null = null;

  constructor(host: DriverHost) {
    this.#host = host;
    this.#forget = host.onPerson((input) => this.#hear(input));
  }

  /** True while a person has the conversation. */
  get attends(): boolean {
    return this.#attends;
  }

  /** All that waits to be said, as one prompt; null: nothing does. */
  words(): string | null {
    if (this.#messages.length === 0) return null;
    this.#saying = this.#messages.splice(0);
    return this.#saying.map(({ text }) => text).join('\n\n');
  }

  /** The turn with their words broke off: what the runtime did not take waits to be said again. */
  takeBack(): void {
    this.#messages.unshift(...this.#saying);
    this.#saying = [];
  }

  /** Another prompt is next: that it is taken says nothing of what was being said before. */
  forgetSaid(): void {
    this.#saying = [];
  }

  /** The runtime took a prompt: what was in it of the person's has been heard. */
  accepted(): void {
    const ids = this.#saying.map(({ id }) => id);
    this.#saying = [];
    if (ids.length > 0) this.#host.emit({ kind: 'heard', ids });
  }

  /** Calls when the conversation is taken over. Null: nobody listens any more. */
  onTakeOver(call: (() => void) | null): void {
    this.#onTakeOver = call;
  }

  /** Resolves when there is something to say, or the conversation was given back, or the signal aborts. */
  async speaks(signal: AbortSignal): Promise<void> {
    while (this.#attends && this.#messages.length === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          this.#wake = null;
          resolve();
        };
        this.#wake = wake;
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }

  close(): void {
    this.#forget();
  }

  #hear(input: PersonInput): void {
    if (input.kind === 'answer') return;
    if (input.kind === 'message') this.#messages.push({ id: input.id, text: input.text });
    else if (input.kind === 'withdrawn') this.#messages = this.#messages.filter(({ id }) => id !== input.id);
    else this.#attend(input.kind === 'takeOver');
    this.#wake?.();
  }

  #attend(attends: boolean): void {
    const isNew = attends && !this.#attends;
    this.#attends = attends;
    if (isNew) this.#onTakeOver?.();
  }
}
