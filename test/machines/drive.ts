/** One chart alone: events in at chosen instants, the pure step out. Timers are data here; a test fires them itself. */
import type { Definition } from '../../src/core/define.ts';
import { contextOf, leavesOf } from '../../src/core/snapshot.ts';
import { birth, take } from '../../src/core/step.ts';
import type { EngineEvent, JsonValue, SendSpec, Step } from '../../src/core/types.ts';

export class Drive {
  readonly #definition: Definition;
  #taken: ReturnType<typeof birth>;
  readonly #timers = new Map<string, { name: string; event: EngineEvent; dueAt: number }>();
  at: number;

  constructor(definition: Definition, input: JsonValue, at = 1_000_000) {
    this.#definition = definition;
    this.at = at;
    this.#taken = birth(definition, input, at);
    this.#arm(this.#taken.step);
  }

  get state(): string {
    return leavesOf(this.#taken.snapshot).join(' ');
  }

  get context(): Record<string, unknown> {
    return contextOf(this.#taken.snapshot) as Record<string, unknown>;
  }

  /** Names of the timers that run, with what is left of each, ms. */
  get timers(): Record<string, number> {
    return Object.fromEntries([...this.#timers.values()].map(({ name, dueAt }) => [name, dueAt - this.at]));
  }

  /** Takes the event; the step when it was accepted, else null. */
  send(type: string, fields: Record<string, JsonValue> = {}): Step | null {
    this.#taken = take(this.#definition, this.#taken.snapshot, { type, ...fields }, this.at);
    if (!this.#taken.step.accepted) return null;
    this.#arm(this.#taken.step);
    return this.#taken.step;
  }

  wait(ms: number): this {
    this.at += ms;
    return this;
  }

  /** Lets time pass, firing what comes due on the way. */
  pass(ms: number): this {
    const end = this.at + ms;
    for (;;) {
      const [next] = [...this.#timers.values()].sort((left, right) => left.dueAt - right.dueAt);
      if (!next || next.dueAt > end) break;
      this.fire(next.name);
    }
    this.at = end;
    return this;
  }

  /** Lets time pass to the timer of that name, and fires it. */
  fire(name: string): Step | null {
    const [id, timer] = [...this.#timers].find(([, { name: other }]) => other === name) ?? [];
    if (id === undefined || timer === undefined) return null;
    this.#timers.delete(id);
    this.at = Math.max(this.at, timer.dueAt);
    return this.send(timer.event.type, timer.event as Record<string, JsonValue>);
  }

  #arm({ timers }: Step): void {
    for (const id of timers.cancel) this.#timers.delete(id);
    for (const { id, name, delayMs, event } of timers.set)
      this.#timers.set(id, { name, event, dueAt: this.at + delayMs });
  }
}

/** What a step sent, as `TYPE machine/id`. */
export function sent(step: Step | null): string[] {
  const address = ({ to }: SendSpec) => ('linked' in to ? `*${to.linked}` : `${to.machine}/${to.id}`);
  return (step?.sends ?? []).map((send) => `${send.event.type} ${address(send)}`);
}

export const effects = (step: Step | null): string[] => (step?.effects ?? []).map(({ type }) => type);
