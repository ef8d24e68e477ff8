/**
 * A town: the engine with the town's machines, hands for their effects, and the matching of beads to agents.
 *
 * Invariants
 * - W1 every change is an event through the engine; nothing here writes a state.
 * - W2 a town is usable when `createTown` resolves, and leaves nothing behind when it is disposed but runs that go on.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { townMachines } from '../../machines/index.ts';
import { defaultPolicy, type Policy, type PolicyPatch } from '../../machines/policy.ts';
import type { RigConfig, RigRuntime } from '../../machines/vocabulary.ts';
import type { OutputPiece, OutputRange } from '../agents/output.ts';
import type { Container, IsolationStatus } from '../agents/port.ts';
import { inTurn } from '../agents/turns.ts';
import { Refused } from '../core/errors.ts';
import type { EngineEvent, EntityRef, JsonObject, Receipt, Seq } from '../core/types.ts';
import { createEngine, type Engine } from '../engine/engine.ts';
import type { Env } from '../env/env.ts';
import { createSystemEnv } from '../env/system.ts';
import type { InspectorSource } from '../inspector/source.ts';
import type { DeadLetter } from '../scheduler/dead-letters.ts';
import type { EntityRow, LogFilter, LogRow, Store } from '../store/port.ts';
import { openSqlite } from '../store/sqlite.ts';
import type { BeadInput, ListQuery, PolicyReceipt, RunName, SendOptions, Town } from './api.ts';
import { attemptOf, attemptsAbout, containerOfRun } from './attempts.ts';
import { birthBeads, checkBeads, type NewBead, nameBeads } from './beads.ts';
import { Branches } from './branches.ts';
import { type Capabilities, loadCapabilities } from './capability.ts';
import { checkCommand } from './commands.ts';
import { Containers } from './containers.ts';
import { tellOf } from './dead-letters.ts';
import {
  agentInput,
  approve,
  checkId,
  configure,
  effectivePolicy,
  found,
  foundRig,
  type NewAgent,
  nameOf,
  parsePolicy,
} from './founding.ts';
import { townHandlers } from './handlers.ts';
import { createHands, type Hands } from './hands.ts';
import { createHealer, wakeAtOpening } from './heal.ts';
import { townSource } from './inspection/source.ts';
import { checkTown } from './invariants.ts';
import { Matcher } from './matcher.ts';
import type { MatchParts } from './matching.ts';
import { messagesAbout, unheardBy } from './messages.ts';
import { LOCAL, type Place, type TownOptions } from './options.ts';
import { createParties, type Parties } from './parties.ts';
import { Rounds } from './rounds.ts';
import { briefOf, createRunSpecs } from './run-specs.ts';
import { planOf } from './runtime.ts';
import { KnownSecrets, maskEvent } from './secrets.ts';
import { changeRuntime, learnAll, sharedRuntime } from './settings.ts';
import { Settling } from './settling.ts';
import { Unmatched } from './unmatched.ts';
import { stateAt, verifyTown } from './verify.ts';
import {
  type EffectQuery,
  effectsPage,
  listViews,
  statusOf,
  type TimerQuery,
  timersPage,
  type ViewEngine,
  viewOf,
} from './views.ts';
import { explain } from './why.ts';

const LOG_PAGE = 100;
const TAIL_BYTES = 64 * 1024;

/**
 * Founds a town in a folder, or opens the one that is there, and sets it going.
 * Throws Refused `busy` when another process has it, `invalid` for a policy, rig or agent that can not be.
 */
export async function createTown(options: TownOptions): Promise<Town> {
  const directory = resolve(options.directory);
  const file = join(directory, 'town.db');
  const env = options.env ?? createSystemEnv();
  const { synchronous } = options;
  // A folder is made for a policy that was accepted, and for no other.
  if (!options.store && !existsSync(file))
    await approve({ ...options, directory, env }, parsePolicy({ ...defaultPolicy, ...options.policy }));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const store = options.store ?? openSqlite({ file, env, ...(synchronous && { synchronous }) });
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
  readonly #containers: Containers;
  readonly #hands: Hands;
  readonly #capabilities: Capabilities;
  readonly #matcher: Matcher;
  readonly #settling: Settling;
  readonly #unmatched: Unmatched;
  readonly #rounds: Rounds;
  readonly #branches: Branches;
  readonly #secrets: KnownSecrets;
  #policy: Policy;
  #isolation: IsolationStatus | null = null;
  #apiUrl: string | null = null;
  #apiKnown: () => void = () => undefined;
  readonly #api: Promise<void>;

  constructor(options: TownOptions, env: Env, store: Store) {
    this.directory = options.directory;
    this.#options = options;
    this.#env = env;
    this.#store = store;
    this.#policy = effectivePolicy(store.read, options.policy);
    // A town that is there keeps its name.
    this.name = nameOf(store.read) ?? options.name ?? 'town';
    this.#secrets = new KnownSecrets(options.environment ?? {});
    this.#capabilities = loadCapabilities(join(this.directory, 'town.key'));
    this.#api = new Promise((known) => {
      this.#apiKnown = known;
    });
    if (!options.awaitApi) this.#apiKnown();
    this.#hands = createHands(options, env, this.#policy);
    this.#containers = new Containers(this.#hands.container, () => ({
      ...{ env, engine: this.#engine, parties: this.#parties, policy: this.policy },
      onArrival: () => this.#lookAgain(),
    }));
    this.#parties = createParties((ref) => this.#engine.get(ref.machine, ref.id));
    this.#engine = this.#createEngine();
    this.#matcher = new Matcher({ env, engine: this.#engine, match: () => this.#matching });
    this.#settling = new Settling(this.#engine);
    this.#rounds = new Rounds({ env, engine: this.#engine, parties: this.#parties });
    this.#branches = new Branches({
      ...{ env, engine: this.#engine, parties: this.#parties, integrator: this.#hands.integrator },
      policy: () => this.#policy,
    });
    this.#unmatched = new Unmatched({ env, engine: this.#engine, match: () => this.#matching });
  }

  async open(): Promise<void> {
    await this.#approve(this.#policy);
    await this.#engine.start();
    this.#engine.submitNow((batch) => found(batch, { ...this.#options, name: this.name }, this.#policy));
    await this.#learnSecrets();
    // Runs of an earlier process are taken up again before anything is dispatched.
    this.#isolation = await this.#containers.open();
    await wakeAtOpening(this.#engine);
    await this.#rounds.start();
    this.#matcher.start();
    this.#unmatched.start();
    this.#branches.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rounds.stop();
    await Promise.all([this.#matcher.stop(), this.#unmatched.stop(), this.#branches.stop()]);
    this.#apiKnown();
    await this.#engine.stop();
    await this.#containers.close(this.#options.onClose ?? 'keep');
    if (!this.#options.store) this.#store.close();
  }

  // Commands ------------------------------------------------------------------------------------------------------

  async send(ref: EntityRef, event: EngineEvent, options: SendOptions = {}): Promise<Receipt> {
    const { by = 'operator', idempotency, reason } = options;
    checkCommand(ref, event);
    const why = reason === undefined ? undefined : this.mask(reason);
    const envelope = { to: ref, event: maskEvent(this.mask, event), by, reason: why };
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

  async addRig(id: string, asked: RigConfig, { by = 'operator', idempotency }: SendOptions = {}): Promise<Receipt> {
    const to = { machine: 'rig', id };
    const { path } = await this.#hands.check({ ...planOf(asked, this.runtime()), labels: asked.labels });
    const config = { ...asked, path };
    const receipt = await this.#engine.submit(
      (batch): Receipt => {
        foundRig(batch, { id, config }, by);
        const state = batch.tx.entity(to)?.state ?? '';
        return { seq: batch.tx.lastSeq(), entity: to, at: batch.at, state };
      },
      idempotency ? { idempotency } : {},
    );
    await this.#learnSecrets();
    return receipt;
  }

  async addAgent(agent: NewAgent, options: SendOptions = {}): Promise<Receipt> {
    const { by = 'operator', idempotency } = options;
    checkId(agent.id, 'an agent');
    this.#parties.get('rig', agent.rig);
    if (agent.container !== undefined) this.#parties.get('container', agent.container);
    const input = agentInput(agent, this.#options);
    return this.#engine.birth(
      { to: { machine: 'agent', id: agent.id }, input, by },
      idempotency ? { idempotency } : {},
    );
  }

  host = (container: Container, place: Place) => this.#containers.host(container, place);

  patchPolicy = (patch: PolicyPatch, options: SendOptions = {}) =>
    this.#inPolicyTurn(() => this.#changePolicy(patch, options));

  /** One change after another: each is judged together with those before it. Policy and runtime are stored as one. */
  #inPolicyTurn = <T>(change: () => Promise<T>) => inTurn(`policy:${this.directory}`, change);

  async #changePolicy(patch: PolicyPatch, { by = 'operator', idempotency }: SendOptions): Promise<PolicyReceipt> {
    const policy = parsePolicy({ ...this.#policy, ...patch });
    await this.#approve(policy);
    const answer = await this.#engine.submit(
      (batch): PolicyReceipt => {
        configure(batch, { policy: policy as unknown as JsonObject }, by);
        return { policy };
      },
      idempotency ? { idempotency } : {},
    );
    // What is committed holds from the next step on; a request that was seen before changes nothing.
    if (!answer.replayed) this.#usePolicy(policy);
    return answer;
  }

  setRuntime = (runtime: RigRuntime | null, options: SendOptions = {}) =>
    this.#inPolicyTurn(() =>
      changeRuntime(this.#engine, { runtime, policy: this.#policy, learn: this.#learnSecrets }, options),
    );

  #usePolicy(policy: Policy): void {
    this.#policy = policy;
    this.#engine.redefine(Object.values(townMachines(policy)));
    this.#containers.setHeartbeat(policy.heartbeatMs);
    this.#lookAgain();
  }

  #lookAgain(): void {
    this.#matcher.nudge();
    this.#unmatched.nudge();
  }

  get #views(): ViewEngine {
    const engine = this.#engine;
    const { reads, env } = engine;
    const { isConnected } = this.#containers;
    const definitionOf = ({ ref }: EntityRow) => engine.definition(ref.machine);
    return { reads, env, definitionOf, health: () => engine.health(), isConnected };
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
  why = (ref: EntityRef) => explain(this.#matching, ref);
  status = () => ({ ...statusOf(this.#views, this.#parties, this.name), isolation: this.#isolation });
  policy = () => this.#policy;
  runtime = () => sharedRuntime(this.#parties);
  verify = () => verifyTown(this.#engine.reads);
  backup = (file: string) => this.#store.backup(file);
  settled = () => this.#settling.settled();
  mask = (text: string) => this.#secrets.mask(text);

  log(filter: LogFilter = {}, range: { from?: Seq; limit?: number; order?: 'asc' | 'desc' } = {}): readonly LogRow[] {
    const { from, limit = LOG_PAGE, order = 'asc' } = range;
    return this.#engine.reads.log(filter, { limit, order, ...(from !== undefined && { from }) });
  }

  timers = (query: TimerQuery = {}) => timersPage(this.#engine.reads, query);
  outbox = (query: EffectQuery = {}) => effectsPage(this.#engine.reads, query);

  watch(listener: (rows: readonly LogRow[]) => void): () => void {
    return this.#engine.subscribe(({ rows }) => listener(rows));
  }

  run = (run: RunName) => attemptOf(this.#engine.reads, run);
  messages = (about: EntityRef, limit?: number) => messagesAbout(this.#engine.reads, about, limit);
  inbox = (run: RunName) => unheardBy(this.#engine.reads, run);

  async outputPiece(run: RunName, range: OutputRange): Promise<OutputPiece | null> {
    return this.#containers.of(containerOfRun(this.#engine.reads, run)).readOutput(run, range);
  }

  async output(agent: string, epoch: number, maxBytes = TAIL_BYTES): Promise<string> {
    const piece = await this.outputPiece({ agent, epoch }, { maxBytes });
    if (piece) return piece.text;
    throw new Refused('not_found', `no output of agent ${agent}, epoch ${epoch} is kept`, { agent, epoch });
  }

  isCapability = (agent: string, epoch: number, token: string) => this.#capabilities.matches({ agent, epoch }, token);
  isRunner = (id: string, token: string) => this.#capabilities.matchesRunner(id, token);

  inspection(): InspectorSource {
    const worktrees = join(this.directory, LOCAL, 'worktrees');
    return townSource({
      ...{ name: this.name, engine: this.#engine, reads: this.#engine.reads, parties: this.#parties },
      ...{ policy: this.policy, mask: this.mask, output: (agent, epoch) => this.output(agent, epoch) },
      isConnected: this.#containers.isConnected,
      send: (to, event, options) => this.send(to, event, options),
      worktree: ({ bead, epoch }) => {
        const folder = join(worktrees, `${bead}-${epoch}`);
        return existsSync(folder) ? folder : null;
      },
    });
  }

  setApiUrl(url: string | null): void {
    this.#apiUrl = url;
    if (url !== null) this.#apiKnown();
  }

  /** A secret that a person pasted into a bead goes no further. */
  #masked(bead: NewBead): NewBead {
    const { title, body } = bead;
    return { ...bead, title: this.mask(title), ...(body !== undefined && { body: this.mask(body) }) };
  }

  #approve(policy: Policy): Promise<void> {
    return approve({ ...this.#options, env: this.#env }, policy);
  }

  // Wiring --------------------------------------------------------------------------------------------------------

  #createEngine(): Engine {
    const { notify } = this.#options;
    const env = this.#env;
    const policy = () => this.#policy;
    const parties = this.#parties;
    const specs = createRunSpecs({
      ...{ town: this.name, parties, policy, capabilities: this.#capabilities },
      reads: () => this.#engine.reads,
      apiUrl: () => this.#apiUrl,
      handovers: { env, reads: () => this.#engine.reads, integrator: this.#hands.integrator, mask: this.mask },
    });
    const effects = townHandlers({
      ...{ env, policy, parties, containers: (id) => this.#containers.of(id) },
      integrator: this.#hands.integrator,
      runSpecs: specs,
      apiKnown: this.#api,
      learnSecrets: (references) => this.#secrets.learn([references]),
      heal: createHealer(() => this.#engine),
      notify: (escalation) => {
        env.log('warn', escalation.message, { subject: escalation.subject, cause: escalation.cause });
        notify?.(escalation);
      },
    });
    const machines = townMachines(this.#policy);
    const onDeadLetter = (letter: DeadLetter) =>
      void tellOf(letter, { env, deliver: (envelope) => this.#engine.deliver(envelope) });
    const options = { machines, store: this.#store, env, effects, check: checkTown, onDeadLetter };
    return createEngine(options) as unknown as Engine;
  }

  get #matching(): MatchParts {
    const { isConnected } = this.#containers;
    return { reads: this.#engine.reads, parties: this.#parties, policy: this.#policy, isConnected };
  }

  #learnSecrets = () => learnAll(this.#secrets, this.#parties, this.#engine);
}
