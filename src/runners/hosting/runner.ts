/**
 * A runner: a process that hosts agents for a town that may be elsewhere, be away for a while, and be started anew.
 *
 * Invariants
 * - N1 Nothing that happens to the town or to the line ends a run. Ends are told until the town has them.
 * - N2 A process whose place was taken by another one ends its runs only when the town counts none of them as its own.
 * - N3 The runs of a process that was killed go on; the next one in the same folder has its incarnation and takes them
 *   up.
 */
import { basename, dirname, resolve } from 'node:path';
import type { RunReport } from '../../agents/port.ts';
import type { Environment } from '../../agents/secrets.ts';
import { coerceError, Refused, Retryable } from '../../core/errors.ts';
import type { Env } from '../../env/env.ts';
import { pause, within } from '../../env/waiting.ts';
import { PROTOCOL, type Reported } from '../protocol.ts';
import { takeFolder } from './folder.ts';
import { Hosting } from './hosting.ts';
import { OrderBook } from './order-book.ts';
import { noTown, Reporting } from './reporting.ts';
import { TownLink } from './town-link.ts';

export type RunnerOptions = {
  readonly env: Env;
  /** PATH and a few others are handed on to runs, `env:` references are read from it. */
  readonly environment: Environment;
  readonly pid: number;
  /** Address of the town, as it is reached from here. */
  readonly town: string;
  readonly token: string;
  readonly id: string;
  readonly labels: readonly string[];
  /** How many runs at a time; null: any number. */
  readonly slots: number | null;
  /** Folder of everything that it keeps. */
  readonly directory: string;
  readonly version: string;
  /** How long runs may go on when it is told to end. */
  readonly drainMs: number;
  /** Between asking a run to end and ending it. */
  readonly graceMs: number;
  /** How long the town may take, when the runner ends, to take what it has to tell; 15 s when absent. */
  readonly tellMs?: number;
  /** Lines for whoever started it. */
  readonly say: (line: string) => void;
};

export type RunnerEnd =
  /** All runs have ended; `untold` ends are told by the next process in the same folder. */
  | { readonly kind: 'drained'; readonly untold: number }
  | { readonly kind: 'left'; readonly running: number }
  /** Another process is this runner now. */
  | { readonly kind: 'replaced' };

export interface Runner {
  /** Rejects with Refused when the town does not want it from the first moment. */
  readonly ended: Promise<RunnerEnd>;
  /** Takes no more runs, lets those that there are come to an end, and ends. A second call: leaves at once. */
  drain(): void;
  /** Ends at once; runs go on. */
  leave(): void;
}

const againFirstMs = 250;
const againLongestMs = 15_000;
const tellMs = 15_000;
const askWantedMs = 1_000;

/** Starts it. Rejects with Refused `busy`, `conflict` for its folder. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const directory = resolve(options.directory);
  const giveBack = await takeFolder(directory, options);
  const runner = new Life({ ...options, directory });
  const ended = runner.live().finally(giveBack);
  return { ended, drain: () => runner.drain(), leave: () => runner.leave() };
}

class Life {
  readonly #options: RunnerOptions;
  readonly #link: TownLink;
  readonly #hosting: Hosting;
  readonly #reporting: Reporting;
  readonly #process: string;
  readonly #over = new AbortController();
  readonly #waiting = new Set<() => void>();
  #incarnation = '';
  #registration: string | null = null;
  #book: OrderBook | null = null;
  #isConnected = false;
  #wasRegistered = false;
  #drains = 0;
  #trouble = '';
  #finish: (end: RunnerEnd) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(options: RunnerOptions) {
    const { env, town, token, id, directory } = options;
    this.#options = options;
    this.#process = env.hex(32);
    this.#link = new TownLink({ url: town, token, id });
    const around = dirname(dirname(directory));
    this.#hosting = new Hosting({
      ...{ id, env, environment: options.environment, directory, link: this.#link, secretValues: [token] },
      ...(basename(around) === '.yardmaster' && { hidden: around }),
      registration: () => this.#registration ?? '',
      onRelease: () => this.#notice(),
    });
    this.#reporting = new Reporting({
      ...{ env, send: (reports) => this.#send(reports), connected: () => this.#connected() },
      broughtHome: (report) => this.#hosting.broughtHome(report),
      onTold: (report) => this.#hosting.forget(report),
      onEnd: () => this.#notice(),
    });
  }

  async live(): Promise<RunnerEnd> {
    const { container } = this.#hosting;
    const end = new Promise<RunnerEnd>((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    try {
      this.#incarnation = (await container.provision()).incarnation;
      container.onReport((report) => this.#reporting.take(report));
      void this.#follow();
      return await end;
    } finally {
      this.#over.abort();
      this.#book?.close();
      this.#reporting.close();
      this.#notice();
      await container.close('keep');
    }
  }

  drain(): void {
    this.#drains += 1;
    if (this.#drains === 1) {
      this.#hosting.drain();
      void this.#drain().catch((thrown) => this.#fail(coerceError(thrown)));
    } else this.leave();
  }

  leave(): void {
    void this.#running().then((running) => this.#finish({ kind: 'left', running }));
  }

  // The line to the town ----------------------------------------------------------------------------------------

  /** Registers, fetches orders, and begins again whenever that comes to a stop. */
  async #follow(): Promise<void> {
    for (let failures = 0; !this.#over.signal.aborted; ) {
      try {
        if (this.#registration === null) await this.#register();
        await this.#fetchOrders();
        failures = 0;
      } catch (thrown) {
        if (this.#over.signal.aborted) return;
        failures += 1;
        if ((await this.#cope(coerceError(thrown))) === 'over') return;
        await this.#pause(this.#backoff(failures));
      }
    }
  }

  async #register(): Promise<void> {
    const { labels, slots, version, id } = this.#options;
    const { registration, town, heartbeatMs, replaces } = await this.#link.register({
      ...{ protocol: PROTOCOL, process: this.#process, incarnation: this.#incarnation },
      ...{ labels: [...labels], slots, version, draining: this.#drains > 0 },
    });
    this.#book?.close();
    this.#registration = registration;
    this.#book = new OrderBook({
      env: this.#options.env,
      carryOut: (order) => {
        if (order.kind === 'setHeartbeat') this.#reporting.heartbeatMs = order.everyMs;
        return this.#hosting.carryOut(order);
      },
      send: (answers) => this.#link.answer(registration, answers),
    });
    this.#reporting.heartbeatMs = heartbeatMs;
    this.#hosting.container.setHeartbeat(heartbeatMs);
    const runs = await this.#running();
    const again = this.#wasRegistered ? 'registered again' : 'registered';
    const have = runs === 0 ? '' : `; ${plural(runs, 'run')} ${runs === 1 ? 'goes' : 'go'} on here`;
    this.#wasRegistered = true;
    this.#noteConnected();
    this.#options.say(
      `${again} as runner ${id} of town ${town} at ${this.#link.url} (${placeText(labels, slots)})${have}`,
    );
    if (replaces !== null)
      this.#options.say(`took the place of another runner ${id} (${replaces}): its runs are given up`);
  }

  async #fetchOrders(): Promise<void> {
    const book = this.#book;
    if (book === null || this.#registration === null) return;
    // A poll may be held for long: whether anybody is there again is asked first.
    if (!this.#isConnected) await this.#link.report({ registration: this.#registration, reports: [] });
    this.#noteConnected();
    const orders = await this.#link.orders(this.#registration, book.highest, this.#over.signal);
    this.#noteConnected();
    for (const order of orders) book.take(order);
  }

  /** What a failure of the line means. `over`: this process is not to go on as it was. */
  async #cope(error: Error): Promise<'again' | 'over'> {
    const { say } = this.#options;
    const refusal = error instanceof Refused ? error : null;
    if (refusal && !this.#wasRegistered) {
      this.#fail(refusal);
      return 'over';
    }
    if (refusal?.code === 'conflict') {
      void this.#giveWay(refusal.message).catch((thrown) => this.#fail(coerceError(thrown)));
      return 'over';
    }
    if (refusal?.code === 'not_found') this.#registration = null;
    const wasConnected = this.#isConnected;
    this.#isConnected = false;
    // A town that was started anew knows no registration: no trouble, and nothing to say.
    if (refusal?.code === 'not_found' && wasConnected) return 'again';
    if (error.message === this.#trouble) return 'again';
    this.#trouble = error.message;
    const running = await this.#running();
    const goesOn = running === 0 ? '' : ` ${plural(running, 'run')} ${running === 1 ? 'goes' : 'go'} on.`;
    const what = this.#wasRegistered ? 'lost the town' : 'no town yet';
    say(`${what}: ${error.message}.${goesOn} Trying again until it answers.`);
    return 'again';
  }

  #noteConnected(): void {
    if (this.#isConnected) return;
    if (this.#trouble !== '') this.#options.say(`the town at ${this.#link.url} answers`);
    this.#isConnected = true;
    this.#trouble = '';
    this.#reporting.flush();
    this.#notice();
  }

  #send(reports: readonly RunReport[]): Promise<Reported> {
    if (this.#registration === null) return Promise.reject(new Retryable('the runner is not registered', 0));
    return this.#link.report({ registration: this.#registration, reports: [...reports] });
  }

  async #connected(): Promise<void> {
    while (!this.#isConnected || this.#registration === null) {
      if (this.#over.signal.aborted) throw noTown();
      await this.#news();
    }
  }

  // The end -----------------------------------------------------------------------------------------------------

  async #drain(): Promise<void> {
    const { env, drainMs, graceMs, say } = this.#options;
    const running = await this.#running();
    const seconds = Math.round(drainMs / 1_000);
    say(`draining: ${plural(running, 'run')} may end within ${seconds} s; a second signal leaves them to go on`);
    await this.#tellDrain(false);
    const emptied = this.#until(async () => (await this.#running()) === 0);
    if (!(await within(env, drainMs, emptied))) {
      // Given up first, so that nobody is charged for being ended.
      await this.#tellDrain(true);
      await this.#endAll(graceMs);
    }
    await this.#tellAll();
    this.#finish({ kind: 'drained', untold: this.#reporting.untold });
  }

  async #tellDrain(now: boolean): Promise<void> {
    if (this.#registration === null) return;
    try {
      await this.#link.drain(this.#registration, now);
    } catch (thrown) {
      this.#options.env.log('warn', `the town does not hear that the runner ends: ${coerceError(thrown).message}`);
    }
  }

  /** Another process registered. What the town still counts as a run of this one is not ended; all else is. */
  async #giveWay(reason: string): Promise<void> {
    const { say, graceMs } = this.#options;
    say(`${reason}. This one takes no more orders, and ends when none of its runs is waited for`);
    this.#hosting.drain();
    // Its reports are still taken: the line is there, only the place is not.
    this.#isConnected = true;
    this.#notice();
    while (!this.#over.signal.aborted && !(await this.#isUnwanted())) await this.#pause(askWantedMs);
    await this.#endAll(graceMs);
    await this.#tellAll();
    this.#finish({ kind: 'replaced' });
  }

  /** True when no run here is waited for by the town. */
  async #isUnwanted(): Promise<boolean> {
    const runs = await this.#hosting.container.list();
    if (runs.length === 0) return true;
    const [incarnation, at] = [this.#incarnation, this.#options.env.clock.now()];
    try {
      const beats = runs.map((run) => ({ kind: 'heartbeat' as const, ...run, incarnation, at }));
      return (await this.#send(beats)).unwanted.length === runs.length;
    } catch (thrown) {
      this.#options.env.log('debug', `the town does not say whose runs these are: ${coerceError(thrown).message}`);
      return false;
    }
  }

  async #endAll(graceMs: number): Promise<void> {
    const { container } = this.#hosting;
    const runs = await container.list();
    await Promise.allSettled(runs.map((run) => container.stop({ ...run, graceMs })));
  }

  /** Waits until the town has heard of every end, as long as that is worth it. */
  async #tellAll(): Promise<void> {
    const { env, tellMs: most = tellMs } = this.#options;
    await within(
      env,
      most,
      this.#until(async () => this.#reporting.untold === 0),
    );
  }

  async #running(): Promise<number> {
    return (await this.#hosting.container.list().catch(() => [])).length;
  }

  // Waiting -----------------------------------------------------------------------------------------------------

  async #until(holds: () => Promise<boolean>): Promise<void> {
    while (!this.#over.signal.aborted && !(await holds())) await this.#news();
  }

  /** Something ended, was told, or the town is there again. */
  #news(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #notice(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Doubles up to a bound; spread, so that many runners do not come back at once. */
  #backoff(failures: number): number {
    const longest = Math.min(againFirstMs * 2 ** (failures - 1), againLongestMs);
    return longest * (0.5 + this.#options.env.random() / 2);
  }

  #pause(ms: number): Promise<void> {
    return pause(this.#options.env, ms, { signal: this.#over.signal });
  }
}

function placeText(labels: readonly string[], slots: number | null): string {
  const room = slots === null ? 'any number of runs' : plural(slots, 'run');
  return labels.length === 0 ? `${room} at a time` : `${room} at a time, labels ${labels.join(', ')}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
