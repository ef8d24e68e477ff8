/** A host with a virtual clock: drivers run at the speed of their own waits, and the same way each time. */
import type { DriverHost, DriverProcess, PersonInput, SpawnOrder, WorkState } from '../../src/drivers/host.ts';
import type { DriverEvent, Ended } from '../../src/drivers/port.ts';

type Timer = { readonly atMs: number; readonly call: () => void };

const STEPS_MAX = 20_000;
const START_MS = 1_700_000_000_000;

export class VirtualHost implements DriverHost {
  readonly environment = { PATH: '/bin' };
  readonly events: DriverEvent[] = [];
  readonly logged: string[] = [];
  readonly files = new Map<string, string>();
  work: () => WorkState = () => 'none';
  onSpawn: (order: SpawnOrder) => DriverProcess = ({ argv }) => {
    throw new RangeError(`nobody plays ${argv.join(' ')}`);
  };
  onFetch: (url: URL, init: RequestInit) => Promise<Response> = async ({ pathname }) => {
    throw new RangeError(`nobody answers ${pathname}`);
  };
  readonly #timers = new Set<Timer>();
  readonly #people = new Set<(input: PersonInput) => void>();
  #now = START_MS;
  #drawn = 0;

  now = (): number => this.#now;

  after = (ms: number, call: () => void): (() => void) => {
    const timer: Timer = { atMs: this.#now + ms, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  hex = (length: number): string => {
    this.#drawn += 1;
    return String(this.#drawn).padStart(length, '0');
  };

  spawn = (order: SpawnOrder): DriverProcess => this.onSpawn(order);
  fetch = (url: string, init: RequestInit = {}): Promise<Response> => this.onFetch(new URL(url), init);
  readFile = async (path: string): Promise<string | null> => this.files.get(path) ?? null;
  writeFile = async (path: string, text: string): Promise<void> => void this.files.set(path, text);
  /** What happens when a person is asked. */
  onWaiting: (id: string) => void = () => {};
  emit = (event: DriverEvent): void => {
    this.events.push(event);
    if (event.kind === 'waiting') this.after(1_000, () => this.onWaiting(event.id));
  };
  log = (message: string): void => void this.logged.push(message);
  workState = async (): Promise<WorkState> => this.work();

  onPerson = (listener: (input: PersonInput) => void): (() => void) => {
    this.#people.add(listener);
    return () => this.#people.delete(listener);
  };

  /** A person says something. */
  say(input: PersonInput): void {
    for (const listener of this.#people) listener(input);
  }

  /** Lets time pass, from wait to wait, until the promise has settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    for (let steps = 0; steps < STEPS_MAX; steps += 1) {
      await quiet();
      if (settled) return promise;
      const next = [...this.#timers].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) throw new RangeError('the driver waits for something that never comes');
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.atMs);
      next.call();
    }
    throw new RangeError('the driver never ends');
  }

  /** Lets time pass up to an instant from now. */
  async pass(ms: number): Promise<void> {
    await this.until(new Promise<void>((resolve) => this.after(ms, resolve)));
  }

  /** The one end that was told, after which nothing was. */
  ended(): Ended {
    const last = this.events.at(-1);
    const ends = this.events.filter(({ kind }) => kind === 'ended').length;
    if (last?.kind !== 'ended' || ends !== 1) throw new RangeError(`${ends} ends, the last event is ${last?.kind}`);
    return last;
  }

  /** How many timers are left behind. */
  get waiting(): number {
    return this.#timers.size;
  }
}

/** All that was about to happen without waiting has happened; streams need a few rounds. */
export async function quiet(): Promise<void> {
  for (let round = 0; round < 4; round += 1) await new Promise((resolve) => setImmediate(resolve));
}
