/**
 * Plays one incident once: the real town, engine and machines on a virtual clock, with an outside that does what the
 * script says. What happened comes back as a history.
 *
 * Invariants
 * - R1 the outside survives the town: processes run on, messages that were not answered are sent again.
 * - R2 everything is determined by the incident and the variation: the same pair gives the same history.
 */
import { join } from 'node:path';
import type { RigConfig } from '../../machines/vocabulary.ts';
import { Bug, coerceError, Refused } from '../core/errors.ts';
import { type EngineEvent, parseRef } from '../core/types.ts';
import { createSimulatedEnv, type SimulatedEnv } from '../env/simulated.ts';
import { openMemory } from '../store/memory.ts';
import type { Store } from '../store/port.ts';
import type { Idempotency, Town } from '../town/api.ts';
import { createTown } from '../town/town.ts';
import type { Fold } from './fold.ts';
import { type PlayedIncident, type RigSpec, settings } from './format.ts';
import { History } from './history.ts';
import { Host } from './host.ts';
import { Life } from './life.ts';
import { Merger } from './merger.ts';
import { swapped, unrolled, type Variation, verbOf } from './mutations.ts';
import { type Call, perform, type Stage, type Telling } from './perform.ts';
import { Watch } from './watch.ts';

const DOWN_MS = 1_000;
const ASK_AGAIN_MS = 1_000;
const PAGE = 1_000;
/** Looks at the whole town between steps, spread over the incident. */
const LOOKS = 24;

export type ReplayOptions = { readonly variation: Variation; readonly directory: string; readonly fold: Fold };

/** Plays the incident; the history is complete when it resolves. */
export async function replay(incident: PlayedIncident, options: ReplayOptions): Promise<History> {
  const replaying = new Replay(incident, options);
  await replaying.run();
  return replaying.history;
}

class Replay implements Stage {
  readonly history = new History();
  readonly env: SimulatedEnv = createSimulatedEnv({ seed: 7 });
  readonly host: Host;
  readonly merger: Merger;
  readonly #incident: PlayedIncident;
  readonly #options: ReplayOptions;
  readonly #store: Store;
  readonly #watch: Watch;
  readonly #began: number;
  #life: Life | null = null;
  #town: Town | null = null;
  #founded = false;
  #storeFailsUntil = 0;
  #asked = 0;

  constructor(incident: PlayedIncident, options: ReplayOptions) {
    const { env, history } = this;
    const { kind } = options.variation;
    this.#incident = incident;
    this.#options = options;
    this.#began = env.clock.now();
    this.#store = openMemory({ env });
    const policy = () => this.#town?.policy() ?? null;
    this.#watch = new Watch({ reads: this.#store.read, history, policy });
    this.host = new Host({
      ...{ clock: env.clock, history, now: this.now, twice: kind === 'twice', reversed: kind === 'reversed' },
      heartbeatMs: () => policy()?.heartbeatMs ?? 30_000,
      say: ({ agent, epoch }, event) =>
        this.tell(`agent/${agent}`, { ...event, epoch }, { by: `agent/${agent}`, counts: event.type === 'USAGE' }),
    });
    this.merger = new Merger({ history, now: this.now, clock: env.clock });
  }

  /** Milliseconds since the incident began. */
  readonly now = () => this.env.clock.now() - this.#began;

  async run(): Promise<void> {
    const { variation } = this.#options;
    const written = unrolled(this.#incident);
    const steps = variation.kind === 'swap' ? swapped(written, variation.step) : written;
    // What the world is like from the beginning is so before the town is there.
    const early = steps.filter((step) => step.at === 0 && settings.includes(verbOf(step)));
    for (const step of early) perform(this, step, steps.indexOf(step));
    await this.#open();
    if (this.#incident.beads.length > 0) this.ask((town, idempotency) => this.#createBeads(town, idempotency));
    await this.env.settle();
    for (const [index, step] of steps.entries()) {
      if (early.includes(step)) continue;
      await this.#pass(step.at);
      perform(this, step, index);
      await this.env.settle();
      this.#look();
    }
    await this.#pass(this.#incident.until);
    // Killed in the last moment: it is on its way.
    if (!this.#town) await this.env.pass(2 * DOWN_MS);
    this.#finish();
  }

  // What steps do ---------------------------------------------------------------------------------------------------

  /** Sends until there is an answer, as a client does that knows its request may not have arrived. */
  ask(call: Call, step: number | null = null): void {
    this.#asked += 1;
    const idempotency = { principal: 'operator', key: `ask-${this.#asked}`, hash: 'same' };
    this.#attempt(call, idempotency, step);
  }

  tell(ref: string, event: EngineEvent, { by = 'operator', step = null, counts = false }: Telling = {}): void {
    const to = parseRef(ref);
    this.ask((town, idempotency) => town.send(to, event, { by, idempotency }), step);
    // A doubled message comes without a key, unless each of them counts.
    if (this.#options.variation.kind !== 'twice' || counts) return;
    this.ask((town) => town.send(to, event, { by }));
  }

  failStore(ms: number): void {
    this.#storeFailsUntil = this.env.clock.now() + ms;
  }

  crash(downFor: number): void {
    this.history.restarts += 1;
    this.#life?.kill();
    this.#life = null;
    this.#town = null;
    this.host.unheard();
    this.env.clock.at(this.env.clock.now() + downFor, () => void this.#open());
  }

  corrupt(ref: string): void {
    this.crash(DOWN_MS);
    this.#store.commit((tx) => tx.quarantine(parseRef(ref), 'its row can not be read'));
  }

  rigOf({ id: _, merge, test, argv }: RigSpec): RigConfig {
    return { path: '/nowhere', branch: 'main', argv, promptBy: 'stdin', test, merge, env: {}, secrets: {} };
  }

  #attempt(call: Call, idempotency: Idempotency, step: number | null): void {
    const { clock } = this.env;
    const again = () => clock.at(clock.now() + ASK_AGAIN_MS, () => this.#attempt(call, idempotency, step));
    const town = this.#town;
    const life = this.#life;
    if (!town || !life) {
      again();
      return;
    }
    let isDecided = false;
    const decide = (then: () => void) => {
      if (isDecided) return;
      isDecided = true;
      then();
    };
    // A process that died answers nobody: the client notices that by itself.
    const alarm = clock.at(clock.now() + ASK_AGAIN_MS, () => !life.isAlive && decide(again));
    call(town, idempotency).then(
      () => decide(() => this.#answered(alarm.cancel, step, null)),
      (thrown: unknown) => {
        const error = coerceError(thrown);
        decide(() => (error instanceof Refused ? this.#answered(alarm.cancel, step, error) : void again()));
      },
    );
  }

  #answered(cancel: () => void, step: number | null, refused: Refused | null): void {
    cancel();
    if (step === null) return;
    if (refused) this.history.refusals.push({ at: this.now(), step, message: refused.message });
    else this.history.taken.add(step);
  }

  // The town --------------------------------------------------------------------------------------------------------

  async #open(): Promise<void> {
    const life = new Life({
      env: this.env,
      store: this.#store,
      fault: () => (this.env.clock.now() < this.#storeFailsUntil ? 'the disk is full' : null),
      committed: () => this.#committed(),
    });
    this.#life = life;
    try {
      const town = await createTown({ ...this.#townOptions(), env: life.env, store: life.store });
      if (!life.isAlive) return;
      this.#town = town;
      this.#founded = true;
    } catch (thrown) {
      // Killed while it opened: it is on its way again. A store that fails is tried again.
      if (life.isAlive) {
        const error = coerceError(thrown);
        if (error instanceof Refused || error instanceof Bug) this.history.violate(this.now(), error.message);
        this.crash(DOWN_MS);
      }
    }
  }

  #townOptions() {
    const { agents, rigs, policy } = this.#incident;
    const first = rigs[0]?.id ?? 'r';
    const notify = ({ subject, cause }: { subject: string; cause: string }) =>
      void this.history.notices.push({ at: this.now(), subject, cause });
    return {
      directory: join(this.#options.directory, 'town'),
      ...{ container: this.host, integrator: this.merger, notify },
      // What was configured since is not taken back by a restart.
      ...(this.#founded
        ? {}
        : {
            rigs: Object.fromEntries(rigs.map((rig) => [rig.id, this.rigOf(rig)])),
            agents: agents.map((agent) => (typeof agent === 'string' ? { id: agent, rig: first } : agent)),
            policy: { jitter: 0, ...policy },
          }),
    };
  }

  #createBeads(town: Town, idempotency: Idempotency): Promise<unknown> {
    const first = this.#incident.rigs[0]?.id ?? 'r';
    const beads = this.#incident.beads.map(({ title, rig, ...bead }) => ({
      ...JSON.parse(JSON.stringify(bead)),
      ...{ title: title ?? bead.id, rig: rig ?? first },
    }));
    return town.createBeads(beads, { idempotency });
  }

  #committed(): void {
    const { history } = this;
    history.commits += 1;
    const { read } = this.#store;
    for (;;) {
      const from = history.rows.at(-1)?.seq ?? 0;
      const rows = read.log({}, { from, limit: PAGE, order: 'asc' });
      const fresh = rows.map((row) => ({ ...row, t: row.at - this.#began }));
      history.rows.push(...fresh);
      this.#watch.committed(fresh, this.now());
      if (rows.length < PAGE) break;
    }
    const { variation } = this.#options;
    if (variation.kind === 'crash' && history.commits === variation.commit) this.crash(DOWN_MS);
  }

  async #pass(until: number): Promise<void> {
    const stride = Math.max(Math.ceil(this.#incident.until / LOOKS), 1);
    while (this.now() < until) {
      const next = (Math.floor(this.now() / stride) + 1) * stride;
      await this.env.pass(Math.min(next, until) - this.now());
      this.#look();
    }
  }

  /** The town at rest: what has to be so whenever nothing moves. Not while it is down or can not write. */
  #look(): void {
    if (this.#town?.status().health.ok)
      this.#watch.atRest({ at: this.now(), now: this.env.clock.now(), host: this.host });
  }

  #finish(): void {
    const { history } = this;
    history.end = this.now();
    history.runs = this.host.lives();
    const town = this.#town;
    if (!town) {
      history.violate(this.now(), 'the town is not there at the end');
      return;
    }
    const { read } = this.#store;
    const { fold } = this.#options;
    const problem = fold.problem(read, history.rows);
    if (problem !== null) history.violate(this.now(), `P36: ${problem}`);
    history.contexts = (ref, at) => {
      const seq = at === null ? history.rows.at(-1)?.seq : history.rows.findLast(({ t }) => t <= at)?.seq;
      return seq === undefined ? null : fold.contextAt(read, history.rows, { ref: parseRef(ref), seq });
    };
    for (const { id } of town.list('bead', { limit: 500 }).items) {
      history.attempts.set(id, [...town.attempts({ machine: 'bead', id }, 200)].reverse());
    }
    for (const check of this.#incident.expect) {
      if (check.why !== undefined) history.answers.set(check.why, whyText(town, check.why));
    }
    this.#life?.kill();
  }
}

function whyText(town: Town, ref: string): string {
  const { answer, conditions } = town.why(parseRef(ref));
  return [answer, ...conditions.map(({ condition, waitsFor }) => `${condition} ${waitsFor ?? ''}`)].join('\n');
}
