/** A town on a virtual clock, with a scripted container and integrator: what the S-tests play with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PolicyPatch } from '../../machines/policy.ts';
import type { RigConfig } from '../../machines/vocabulary.ts';
import type {
  Container,
  Evidence,
  Integrator,
  MergeOutcome,
  Readiness,
  RunProfile,
  RunReport,
  RunSpec,
  RunStatus,
  StartOutcome,
} from '../../src/agents/port.ts';
import { Bug, coerceError } from '../../src/core/errors.ts';
import { type EngineEvent, parseRef } from '../../src/core/types.ts';
import { createSimulatedEnv, type SimulatedEnv } from '../../src/env/simulated.ts';
import { openMemory } from '../../src/store/memory.ts';
import type { BeadInput, Town } from '../../src/town/api.ts';
import type { TownOptions } from '../../src/town/options.ts';
import { createTown } from '../../src/town/town.ts';

export const SECOND = 1_000;
export const MINUTE = 60_000;
const GRACE_MS = 10_000;
export const RIG: RigConfig = {
  ...{ path: '/nowhere', branch: 'main', argv: ['agent'], promptBy: 'stdin', test: [], merge: true },
  ...{ env: {}, secrets: {} },
};

/** A container whose every answer a test decides. Without a word it accepts and lives. */
export class ScriptedContainer implements Container {
  readonly id: string;
  incarnation = 'one';
  /** Whether its runner is connected. */
  connected = true;
  /** The last output of runs that exit. */
  tail = '';
  readonly starts: RunSpec[] = [];
  readonly stops: { agent: string; epoch: number }[] = [];
  /** Decides a start; the default accepts. */
  onStart: (spec: RunSpec) => Promise<StartOutcome> = async () => this.accepts();
  onProbe: (run: { agent: string; epoch: number }) => RunStatus = () => 'unknown';
  onHealth: () => Promise<{ incarnation: string }> = async () => ({ incarnation: this.incarnation });
  onProvision: () => Promise<{ incarnation: string }> = async () => ({ incarnation: this.incarnation });
  evidence: Evidence | null = {
    branch: 'attempt/x/1',
    base: 'a'.repeat(40),
    head: 'b'.repeat(40),
    commits: 1,
    checkpointed: false,
  };
  #listener: (report: RunReport) => Promise<void> = async () => undefined;

  constructor(id = 'local') {
    this.id = id;
  }

  isConnected(): boolean {
    return this.connected;
  }

  accepts(): StartOutcome {
    return { kind: 'accepted', incarnation: this.incarnation, branch: 'attempt/x/1' };
  }

  async start(spec: RunSpec): Promise<StartOutcome> {
    this.starts.push(spec);
    return this.onStart(spec);
  }

  async stop({ agent, epoch }: { agent: string; epoch: number }): Promise<'stopped' | 'gone'> {
    this.stops.push({ agent, epoch });
    return 'stopped';
  }

  probe = async (run: { agent: string; epoch: number }) => this.onProbe(run);
  list = async (): Promise<{ agent: string; epoch: number }[]> => [];
  health = () => this.onHealth();
  provision = () => this.onProvision();
  finish = async () => this.evidence;
  readOutput = async () => null;
  close = async () => undefined;
  /** Without a word, nobody can look. */
  readiness?: (profile: RunProfile) => Promise<Readiness>;
  onReport(listener: (report: RunReport) => Promise<void>): void {
    this.#listener = listener;
  }

  /** The run of the latest start, or of the epoch given. */
  beat(run: { agent: string; epoch: number }): Promise<void> {
    const at = 0;
    return this.#listener({ kind: 'heartbeat', agent: run.agent, epoch: run.epoch, incarnation: this.incarnation, at });
  }

  exit(run: { agent: string; epoch: number }, code: number | null, commits = 1): Promise<void> {
    const evidence = this.evidence && { ...this.evidence, commits };
    const { agent, epoch } = run;
    const rest = { incarnation: this.incarnation, code, signal: null, evidence, tail: this.tail };
    return this.#listener({ kind: 'exited', agent, epoch, ...rest });
  }
}

export class ScriptedIntegrator implements Integrator {
  readonly merges: string[] = [];
  onMerge: (bead: string) => Promise<MergeOutcome> = async () => ({ kind: 'merged', commit: 'c'.repeat(40) });
  onMerged: () => Promise<{ commit: string } | null> = async () => null;
  merge = async ({ bead }: { bead: string }, _signal: AbortSignal): Promise<MergeOutcome> => {
    this.merges.push(bead);
    return this.onMerge(bead);
  };
  merged = (): Promise<{ commit: string } | null> => this.onMerged();
}

export type World = AsyncDisposable & {
  readonly town: Town;
  container: ScriptedContainer;
  integrator: ScriptedIntegrator;
  env: SimulatedEnv;
  /** Lets everything that can happen now happen. */
  settle(): Promise<void>;
  /** Lets time pass, settling at each instant at which something is due. */
  pass(ms: number): Promise<void>;
  /** Closes the town and opens it again on the same store, as another process would. */
  restart(options?: Partial<TownOptions>): Promise<void>;
  bead(id: string): { state: string; context: Record<string, unknown> };
  agent(id?: string): { state: string; context: Record<string, unknown> };
  state(ref: string): string;
  /** Sends an event; the sentence of the refusal when it is refused. */
  tell(ref: string, event: EngineEvent): Promise<string | null>;
  /** Creates beads, each with its title; lets them be dispatched. */
  create(...beads: (string | BeadInput)[]): Promise<void>;
  latest(): RunSpec;
};

export type WorldOptions = Partial<TownOptions> & { policy?: PolicyPatch; agentCount?: number; beads?: string[] };

/** A town with one rig `r`, polecats `p1`…, jitter off, and the named beads. */
export async function world({ agentCount = 1, beads = ['b1'], policy, ...options }: WorldOptions = {}): Promise<World> {
  const env = (options.env as SimulatedEnv | undefined) ?? createSimulatedEnv({ seed: 1 });
  const directory = mkdtempSync(join(tmpdir(), 'yardmaster-world-'));
  const container = new ScriptedContainer();
  const integrator = new ScriptedIntegrator();
  const agents = Array.from({ length: agentCount }, (_, index) => ({ id: `p${index + 1}`, rig: 'r' }));
  const store = openMemory({ env });
  const found: TownOptions = {
    ...{ directory, env, store, container, integrator, rigs: { r: RIG }, agents },
    policy: { jitter: 0, ...policy },
    ...options,
  };
  let town = await env.until(createTown(found));
  const made: World = {
    ...{ container, integrator, env, ...looking(env, () => town) },
    get town() {
      return town;
    },
    settle: () => env.settle(),
    pass: (ms) => env.pass(ms),
    async restart(changed) {
      await close(env, town);
      // A policy that was changed meanwhile is in the store.
      const { policy: _, ...rest } = found;
      town = await env.until(createTown({ ...rest, ...changed }));
      await env.settle();
    },
    latest() {
      const spec = container.starts.at(-1);
      if (!spec) throw new Bug('nothing was started');
      return spec;
    },
    async [Symbol.asyncDispose]() {
      await close(env, town);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  if (beads.length > 0) await made.create(...beads);
  await env.settle();
  return made;
}

/** What never answers is given up after a while. */
async function close(env: SimulatedEnv, town: Town): Promise<void> {
  const closed = Promise.resolve(town[Symbol.asyncDispose]());
  await env.settle();
  await env.pass(GRACE_MS);
  await closed;
}

type Looking = Pick<World, 'bead' | 'agent' | 'state' | 'tell' | 'create'>;

function looking(env: SimulatedEnv, town: () => Town): Looking {
  const one = (machine: string, id: string) => {
    const view = town().get({ machine, id });
    if (!view) throw new Bug(`no ${machine} ${id}`);
    return { state: view.substate, context: view.context as Record<string, unknown> };
  };
  return {
    bead: (id) => one('bead', id),
    agent: (id = 'p1') => one('agent', id),
    state: (ref) => one(parseRef(ref).machine, parseRef(ref).id).state,
    async tell(ref, event) {
      const sent = town()
        .send(parseRef(ref), event)
        .then(
          () => null,
          (thrown: unknown) => coerceError(thrown).message,
        );
      return env.until(sent);
    },
    async create(...beads) {
      const inputs = beads.map((bead) => (typeof bead === 'string' ? { id: bead, title: bead } : bead));
      await env.until(town().createBeads(inputs));
      await env.settle();
    },
  };
}
