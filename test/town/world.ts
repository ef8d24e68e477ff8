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
  RunReport,
  RunSpec,
  RunStatus,
  StartOutcome,
} from '../../src/agents/port.ts';
import { coerceError } from '../../src/core/errors.ts';
import type { EngineEvent } from '../../src/core/types.ts';
import { createSimulatedEnv, type SimulatedEnv } from '../../src/env/simulated.ts';
import { openMemory } from '../../src/store/memory.ts';
import type { Town } from '../../src/town/api.ts';
import type { TownOptions } from '../../src/town/options.ts';
import { createTown } from '../../src/town/town.ts';

export const MINUTE = 60_000;
export const RIG: RigConfig = {
  ...{ path: '/nowhere', branch: 'main', argv: ['agent'], promptBy: 'stdin', test: [], merge: true },
  ...{ env: {}, secrets: {} },
};

type Start = { spec: RunSpec; answer: (outcome: StartOutcome | Promise<StartOutcome>) => void };

/** A container whose every answer a test decides. Without a word it accepts and lives. */
export class ScriptedContainer implements Container {
  readonly id = 'local';
  incarnation = 'one';
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
  list = async () => [];
  health = () => this.onHealth();
  provision = () => this.onProvision();
  finish = async () => this.evidence;
  readOutput = async () => null;
  close = async () => undefined;
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
    const rest = { incarnation: this.incarnation, code, signal: null, evidence, tail: '' };
    return this.#listener({ kind: 'exited', agent, epoch, ...rest });
  }
}

export class ScriptedIntegrator implements Integrator {
  readonly merges: string[] = [];
  onMerge: (bead: string) => Promise<MergeOutcome> = async () => ({ kind: 'merged', commit: 'c'.repeat(40) });
  onMerged: () => Promise<{ commit: string } | null> = async () => null;
  merge = async ({ bead }: { bead: string }) => {
    this.merges.push(bead);
    return this.onMerge(bead);
  };
  merged = () => this.onMerged();
}

export type World = AsyncDisposable & {
  town: Town;
  container: ScriptedContainer;
  integrator: ScriptedIntegrator;
  env: SimulatedEnv;
  /** Lets everything that can happen now happen. */
  settle(): Promise<void>;
  /** Lets time pass, settling at each instant at which something is due. */
  pass(ms: number): Promise<void>;
  bead(id: string): { state: string; context: Record<string, unknown> };
  agent(id?: string): { state: string; context: Record<string, unknown> };
  state(ref: string): string;
  /** Sends an event; the sentence of the refusal when it is refused. */
  tell(ref: string, event: EngineEvent): Promise<string | null>;
  latest(): RunSpec;
};

type WorldOptions = Partial<TownOptions> & { policy?: PolicyPatch; agentCount?: number; beads?: string[] };

/** A town with one rig `r`, polecats `p1`…, jitter off, and the named beads. */
export async function world({ agentCount = 1, beads = ['b1'], policy, ...options }: WorldOptions = {}): Promise<World> {
  const env = createSimulatedEnv({ seed: 1 });
  const directory = mkdtempSync(join(tmpdir(), 'yardmaster-world-'));
  const container = new ScriptedContainer();
  const integrator = new ScriptedIntegrator();
  const agents = Array.from({ length: agentCount }, (_, index) => ({ id: `p${index + 1}`, rig: 'r' }));
  const store = openMemory({ env });
  const town = await createTown({
    ...{ directory, env, store, container, integrator, rigs: { r: RIG }, agents },
    policy: { jitter: 0, ...policy },
    ...options,
  });
  const one = (machine: string, id: string) => {
    const view = town.get({ machine, id });
    if (!view) throw new Error(`no ${machine} ${id}`);
    return { state: view.substate, context: view.context as Record<string, unknown> };
  };
  const made: World = {
    ...{ town, container, integrator, env },
    settle: () => env.settle(),
    pass: (ms) => env.pass(ms),
    bead: (id) => one('bead', id),
    agent: (id = 'p1') => one('agent', id),
    state: (ref) => one(ref.slice(0, ref.indexOf('/')), ref.slice(ref.indexOf('/') + 1)).state,
    async tell(ref, event) {
      const [machine = '', ...id] = ref.split('/');
      const sent = town.send({ machine, id: id.join('/') }, event).then(
        () => null,
        (thrown: unknown) => coerceError(thrown).message,
      );
      return env.until(sent);
    },
    latest() {
      const spec = container.starts.at(-1);
      if (!spec) throw new Error('nothing was started');
      return spec;
    },
    async [Symbol.asyncDispose]() {
      await env.until(Promise.resolve(town[Symbol.asyncDispose]()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
  if (beads.length > 0) {
    await env.until(town.createBeads(beads.map((id) => ({ id, title: id }))));
  }
  await env.settle();
  return made;
}

export type { Start };
