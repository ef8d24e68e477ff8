/**
 * A town: the engine with the town's machines, hands for their effects, and the matching of beads to agents.
 *
 * Invariants
 * - W1 every change is an event through the engine; nothing here writes a state.
 * - W2 a town is usable when `createTown` resolves, and leaves nothing behind when it is disposed but runs that go on.
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { townMachines } from '../../machines/index.ts';
import type { Policy, PolicyPatch } from '../../machines/policy.ts';
import type { RigConfig } from '../../machines/vocabulary.ts';
import { createIntegrator } from '../agents/integrator.ts';
import { createLocalContainer } from '../agents/local.ts';
import type { Mask } from '../agents/mask.ts';
import type { Container } from '../agents/port.ts';
import { coerceError, Refused, Retryable } from '../core/errors.ts';
import type { EngineEvent, EntityRef, JsonObject, Receipt, Seq } from '../core/types.ts';
import { createEngine, type Engine } from '../engine/engine.ts';
import type { Alarm, Env } from '../env/env.ts';
import { createSystemEnv } from '../env/system.ts';
import type { DeadLetter } from '../scheduler/dead-letters.ts';
import type { EffectStatus, LogFilter, LogRow, Store } from '../store/port.ts';
import { openSqlite } from '../store/sqlite.ts';
import type { BeadInput, ListQuery, SendOptions, Town } from './api.ts';
import { attemptsAbout } from './attempts.ts';
import { birthBeads, checkBeads, type NewBead, nameBeads } from './beads.ts';
import { type Capabilities, loadCapabilities } from './capability.ts';
import { checkCommand } from './commands.ts';
import { alarmOf } from './dead-letters.ts';
import { checkId, configure, effectivePolicy, found, foundRig, parsePolicy } from './founding.ts';
import { townHandlers } from './handlers.ts';
import { createHealer } from './heal.ts';
import { checkTown } from './invariants.ts';
import { Matcher } from './matcher.ts';
import { LOCAL, type TownOptions } from './options.ts';
import { createParties, type Parties } from './parties.ts';
import { patrol } from './patrol.ts';
import { listen } from './reports.ts';
import { briefOf, createRunSpecs } from './run-specs.ts';
import { maskEvent, maskOf } from './secrets.ts';
import { Settling } from './settling.ts';
import { stateAt, verifyTown } from './verify.ts';
import { effectView, listViews, pageSize, statusOf, type ViewEngine, viewOf } from './views.ts';
import { explain } from './why.ts';

const PATROL_MS = 60_000;
const LOG_PAGE = 100;
const TAIL_BYTES = 64 * 1024;

/**
 * Founds a town in a folder, or opens the one that is there, and sets it going.
 * Throws Refused `busy` when another process has it, `invalid` for a policy, rig or agent that can not be.
 */
export async function createTown(options: TownOptions): Promise<Town> {
  const directory = resolve(options.directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const env = options.env ?? createSystemEnv();
  const { synchronous } = options;
  const store =
    options.store ?? openSqlite({ file: join(directory, 'town.db'), env, ...(synchronous && { synchronous }) });
  try {
    const town = new RunningTown({ ...options, directory }, env, store);
    await town.open();
    return town;
  } catch (thrown) {
    if (!options.store) store.close();
    throw thrown;
  }
}

class RunningTown implements Town {
  readonly directory: string;
  readonly name: string;
  readonly #options: TownOptions;
  readonly #env: Env;
  readonly #store: Store;
  readonly #engine: Engine;
  readonly #parties: Parties;
  readonly #container: Container;
  readonly #capabilities: Capabilities;
  readonly #matcher: Matcher;
  readonly #settling: Settling;
  #policy: Policy;
  #mask: Mask = (text) => text;
  #apiUrl: string | null = null;
  #apiKnown: () => void = () => undefined;
  readonly #api: Promise<void>;
  #patrol: Alarm | null = null;
  #patrolledSeq: Seq = 0;

  constructor(options: TownOptions, env: Env, store: Store) {
    this.directory = options.directory;
    this.#options = options;
    this.#env = env;
    this.#store = store;
    this.#policy = effectivePolicy(store.read, options.policy);
    this.#capabilities = loadCapabilities(join(this.directory, 'town.key'));
    this.#api = new Promise((known) => {
      this.#apiKnown = known;
    });
    if (!options.awaitApi) this.#apiKnown();
    this.#container = options.container ?? this.#localContainer();
    this.#parties = createParties((ref) => this.#engine.get(ref.machine, ref.id));
    this.#engine = this.#createEngine();
    const match = () => ({ reads: this.#engine.reads, parties: this.#parties, policy: this.#policy });
    this.#matcher = new Matcher({ env, engine: this.#engine, match });
    this.#settling = new Settling(this.#engine);
    this.name = options.name ?? 'town';
  }

  async open(): Promise<void> {
    await this.#engine.start();
    this.#engine.submitNow((batch) => found(batch, this.#options, this.#policy));
    await this.#refreshMask();
    const graceMs = () => this.#policy.graceMs;
    listen({ env: this.#env, engine: this.#engine, parties: this.#parties, graceMs }, this.#container);
    // Runs of an earlier process are taken up again before anything is dispatched.
    await this.#lookAfterContainer();
    await this.#patrolNow();
    this.#engine.subscribe(() => this.#schedulePatrol());
    this.#matcher.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#patrol?.cancel();
    await this.#matcher.stop();
    this.#apiKnown();
    await this.#engine.stop();
    await this.#container.close(this.#options.onClose ?? 'keep');
    if (!this.#options.store) this.#store.close();
  }

  // Commands ------------------------------------------------------------------------------------------------------

  async send(ref: EntityRef, event: EngineEvent, { by = 'operator', idempotency }: SendOptions = {}): Promise<Receipt> {
    checkCommand(ref, event);
    const envelope = { to: ref, event: maskEvent(this.#mask, event), by };
    return this.#engine.deliver(envelope, idempotency ? { idempotency } : {});
  }

  async createBeads(beads: readonly BeadInput[], options: SendOptions = {}): Promise<readonly Receipt[]> {
    const { by = 'operator', idempotency } = options;
    const rigs = this.#engine.reads.entities({ machine: 'rig' }, { limit: 500 }).items.map(({ ref }) => ref.id);
    const answer = await this.#engine.submit(
      (batch): { receipts: readonly Receipt[]; replayed?: boolean } => {
        const named = nameBeads(this.#env, beads, rigs).map((bead) => this.#masked(bead));
        for (const { id } of named) checkId(id, 'a bead');
        checkBeads(batch.tx, named, rigs);
        return { receipts: birthBeads(batch, named, by) };
      },
      idempotency ? { idempotency } : {},
    );
    return answer.replayed ? answer.receipts.map((receipt) => ({ ...receipt, replayed: true })) : answer.receipts;
  }

  async addRig(id: string, config: RigConfig, { idempotency }: SendOptions = {}): Promise<Receipt> {
    const to = { machine: 'rig', id };
    const receipt = await this.#engine.submit(
      (batch): Receipt => {
        foundRig(batch, { id, config });
        const state = batch.tx.entity(to)?.state ?? '';
        return { seq: batch.tx.lastSeq(), entity: to, at: batch.at, state };
      },
      idempotency ? { idempotency } : {},
    );
    await this.#refreshMask();
    return receipt;
  }

  async addAgent(agent: { id: string; rig: string }, options: SendOptions = {}): Promise<Receipt> {
    const { by = 'operator', idempotency } = options;
    checkId(agent.id, 'an agent');
    this.#parties.get('rig', agent.rig);
    const input = { ...agent, role: 'polecat', container: LOCAL };
    return this.#engine.birth(
      { to: { machine: 'agent', id: agent.id }, input, by },
      idempotency ? { idempotency } : {},
    );
  }

  async patchPolicy(patch: PolicyPatch, { by = 'operator' }: SendOptions = {}): Promise<Policy> {
    const policy = parsePolicy({ ...this.#policy, ...patch });
    this.#policy = policy;
    this.#engine.redefine(Object.values(townMachines(policy)));
    await this.#engine.submit((batch) => configure(batch, policy as unknown as JsonObject, by));
    this.#matcher.nudge();
    return policy;
  }

  get #views(): ViewEngine {
    const engine = this.#engine;
    const { reads, env } = engine;
    return { reads, env, definitionOf: ({ ref }) => engine.definition(ref.machine), health: () => engine.health() };
  }

  // Views ---------------------------------------------------------------------------------------------------------

  get(ref: EntityRef) {
    this.#engine.definition(ref.machine); // refuses an unknown machine
    return viewOf(this.#views, ref);
  }

  list(machine: string, query: ListQuery = {}) {
    this.#engine.definition(machine);
    return listViews(this.#views, machine, query);
  }

  brief = (bead: string) => briefOf(this.#engine.reads, this.#parties.get('bead', bead).context.id);
  attempts = (about: EntityRef, limit = 50) => attemptsAbout(this.#engine.reads, about, limit);
  stateAt = (ref: EntityRef, seq: Seq) => stateAt(this.#engine.reads, ref, seq);
  why = (ref: EntityRef) => explain({ reads: this.#engine.reads, parties: this.#parties, policy: this.#policy }, ref);
  status = () => statusOf(this.#views, this.#parties, this.name);
  policy = () => this.#policy;
  verify = () => verifyTown(this.#engine.reads);
  backup = (file: string) => this.#store.backup(file);
  settled = () => this.#settling.settled();
  mask = (text: string) => this.#mask(text);

  log(filter: LogFilter = {}, range: { from?: Seq; limit?: number; order?: 'asc' | 'desc' } = {}): readonly LogRow[] {
    const { from, limit = LOG_PAGE, order = 'asc' } = range;
    return this.#engine.reads.log(filter, { limit, order, ...(from !== undefined && { from }) });
  }

  timers({ entity, limit, after }: { entity?: EntityRef; limit?: number; after?: string } = {}) {
    return this.#engine.reads.timers(entity ? { entity } : {}, { limit: pageSize(limit), ...(after && { after }) });
  }

  outbox(query: { entity?: EntityRef; status?: EffectStatus; limit?: number; after?: string } = {}) {
    const { entity, status, limit, after } = query;
    const filter = { ...(entity && { entity }), ...(status && { status }) };
    const page = this.#engine.reads.effects(filter, { limit: pageSize(limit), ...(after && { after }) });
    return { items: page.items.map(effectView), next: page.next };
  }

  watch(listener: (rows: readonly LogRow[]) => void): () => void {
    return this.#engine.subscribe(({ rows }) => listener(rows));
  }

  async output(agent: string, epoch: number, maxBytes = TAIL_BYTES): Promise<string> {
    const piece = await this.#container.readOutput({ agent, epoch }, { maxBytes });
    if (piece) return piece.text;
    throw new Refused('not_found', `no output of agent ${agent}, epoch ${epoch} is kept`, { agent, epoch });
  }

  isCapability(agent: string, epoch: number, token: string): boolean {
    return this.#capabilities.matches({ agent, epoch }, token);
  }

  setApiUrl(url: string | null): void {
    this.#apiUrl = url;
    if (url !== null) this.#apiKnown();
  }

  /** A secret that a person pasted into a bead goes no further. */
  #masked(bead: NewBead): NewBead {
    const { title, body } = bead;
    return { ...bead, title: this.#mask(title), ...(body !== undefined && { body: this.#mask(body) }) };
  }

  // Wiring --------------------------------------------------------------------------------------------------------

  #localContainer(): Container {
    const { environment = {} } = this.#options;
    const root = join(this.directory, LOCAL);
    return createLocalContainer({
      id: LOCAL,
      root,
      env: this.#env,
      environment,
      heartbeatMs: this.#policy.heartbeatMs,
    });
  }

  #createEngine(): Engine {
    const { environment = {}, notify } = this.#options;
    const env = this.#env;
    const policy = () => this.#policy;
    const parties = this.#parties;
    const specs = createRunSpecs({
      ...{ town: this.#options.name ?? 'town', parties, policy, capabilities: this.#capabilities },
      reads: () => this.#engine.reads,
      apiUrl: () => this.#apiUrl,
    });
    const effects = townHandlers({
      ...{ env, policy, parties, containers: (id) => this.#containerOf(id) },
      integrator: this.#options.integrator ?? createIntegrator({ root: join(this.directory, LOCAL), env, environment }),
      runSpecs: specs,
      apiKnown: this.#api,
      heal: createHealer(() => this.#engine),
      notify: (escalation) => {
        env.log('warn', escalation.message, { subject: escalation.subject, cause: escalation.cause });
        notify?.(escalation);
      },
    });
    const machines = townMachines(this.#policy);
    const onDeadLetter = (letter: DeadLetter) => void this.#alarm(letter);
    const options = { machines, store: this.#store, env, effects, check: checkTown, onDeadLetter };
    return createEngine(options) as unknown as Engine;
  }

  async #alarm(letter: DeadLetter): Promise<void> {
    try {
      await this.#engine.deliver(alarmOf(letter));
    } catch (thrown) {
      this.#env.log('error', `nobody could be told of a dead letter: ${coerceError(thrown).message}`);
    }
  }

  /** A container that does not answer keeps no town from opening: its chart asks after it from now on. */
  async #lookAfterContainer(): Promise<void> {
    const { clock } = this.#env;
    let alarm: Alarm | null = null;
    const silence = new Promise<never>((_, reject) => {
      const message = `no answer within ${this.#policy.healthMs} ms`;
      alarm = clock.at(clock.now() + this.#policy.healthMs, () => reject(new Retryable(message, 0)));
    });
    try {
      await Promise.race([this.#container.health(), silence]);
    } catch (thrown) {
      this.#env.log('warn', `container ${this.#container.id} does not say how it is: ${coerceError(thrown).message}`);
    } finally {
      (alarm as Alarm | null)?.cancel();
    }
  }

  #containerOf(id: string): Container {
    if (id === this.#container.id) return this.#container;
    throw new Refused('unknown_entity', `there is no container ${id} here; there is ${this.#container.id}`);
  }

  async #refreshMask(): Promise<void> {
    const rigs = this.#engine.reads.entities({ machine: 'rig' }, { limit: 500 }).items;
    const configs = rigs.flatMap(({ ref }) => this.#parties.find('rig', ref.id)?.context.config ?? []);
    this.#mask = await maskOf(configs, this.#options.environment ?? {});
  }

  /** Once a minute while something happens: an idle town is not looked at. */
  #schedulePatrol(): void {
    if (this.#patrol || this.#engine.reads.lastSeq() === this.#patrolledSeq) return;
    this.#patrol = this.#env.clock.at(
      this.#env.clock.now() + PATROL_MS,
      () => {
        this.#patrol = null;
        void this.#patrolNow();
      },
      { background: true },
    );
  }

  async #patrolNow(): Promise<void> {
    this.#patrolledSeq = this.#engine.reads.lastSeq();
    try {
      await patrol({ env: this.#env, engine: this.#engine, parties: this.#parties });
    } catch (thrown) {
      this.#env.log('error', `patrol failed: ${coerceError(thrown).message}`);
    }
  }
}
