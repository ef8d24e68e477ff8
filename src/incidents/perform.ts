/** What each verb of a script does to the outside of the town, or says to the town. */
import type { RigConfig } from '../../machines/vocabulary.ts';
import type { EngineEvent, JsonObject } from '../core/types.ts';
import type { SimulatedEnv } from '../env/simulated.ts';
import type { Idempotency, Town } from '../town/api.ts';
import type { RigSpec, Said, Step, Verb } from './format.ts';
import type { Host } from './host.ts';
import type { Merger } from './merger.ts';
import { verbOf } from './mutations.ts';

export type Call = (town: Town, idempotency: Idempotency) => Promise<unknown>;
export type Telling = {
  readonly by?: string;
  /** The step that asks; null: nobody looks at the answer. */
  readonly step?: number | null;
  /** Each delivery would count: it is doubled with its key only. */
  readonly counts?: boolean;
};

/** What a script plays on. */
export interface Stage {
  readonly env: SimulatedEnv;
  readonly host: Host;
  readonly merger: Merger;
  ask(call: Call, step: number | null): void;
  tell(ref: string, event: EngineEvent, telling: Telling): void;
  failStore(ms: number): void;
  crash(downFor: number): void;
  /** Makes the row of an entity unreadable while the town is down. */
  corrupt(ref: string): void;
  rigOf(spec: RigSpec): RigConfig;
}

type Performing<V extends Verb> = (replay: Stage, said: Said<V>, step: { index: number }) => void;

/** A message of a run, sent by its agent's process to the town. */
function report(replay: Stage, run: string, event: EngineEvent, counts = false): void {
  const named = replay.host.named(run);
  if (!named) return;
  const { agent, epoch } = named;
  replay.tell(`agent/${agent}`, { ...event, epoch }, { by: `agent/${agent}#${epoch}`, counts });
}

const performing: { readonly [V in Verb]: Performing<V> } = {
  starts: ({ host }, said) => host.startRules.set(said),
  runs: ({ host }, said) => host.runRules.set(said),
  merges: ({ merger }, said) => merger.rules.set(said),
  health: ({ host }, said) => {
    host.healthAnswer = said;
  },
  provision: ({ host }, said) => {
    host.provisionAnswer = said;
  },
  release: ({ host }, said) => {
    host.releaseAnswer = said;
  },
  readiness: ({ host }, said) => {
    host.readinessAnswer = said;
  },
  probe: ({ host }, said) => {
    host.probeAnswer = said;
  },
  mergeProbe: ({ merger }, said) => {
    merger.probeAnswer = said;
  },
  stops: ({ host }, said) => {
    host.stopAnswer = said;
  },
  heartbeat: ({ host }, { run, active }) => {
    const named = host.named(run);
    if (named) host.beat(named, active);
  },
  exit: ({ host }, { run, code, signal, commits }) => {
    const named = host.named(run)?.run;
    if (!named) return;
    named.commits = code === 0 ? commits : 0;
    host.exit(named, { code, signal });
  },
  vanish: ({ host }, { run }) => {
    const named = host.named(run)?.run;
    if (named) host.vanish(named);
  },
  mute: ({ host }, { run }) => mute(host, run, true),
  unmute: ({ host }, { run }) => mute(host, run, false),
  done: (replay, { run, commits }) => {
    const named = replay.host.named(run)?.run;
    if (named) named.commits = commits;
    report(replay, run, { type: 'DONE' });
  },
  failed: (replay, { run, ...said }) => report(replay, run, { type: 'FAILED', ...said }),
  progress: (replay, { run, ...said }) => report(replay, run, { type: 'PROGRESS', ...said }),
  usage: (replay, { run, ...said }) => report(replay, run, { type: 'USAGE', ...said }, true),
  renew: ({ host }) => host.renew(),
  send: (replay, { to, event, ...fields }, { index }) =>
    replay.tell(to, { ...(fields as JsonObject), type: event }, { step: index }),
  beads: (replay, said, { index }) =>
    replay.ask((town, idempotency) => {
      const beads = said.map((bead) => ({ ...JSON.parse(JSON.stringify(bead)), title: bead.title ?? bead.id }));
      return town.createBeads(beads, { idempotency });
    }, index),
  policy: (replay, said, { index }) => replay.ask((town) => town.patchPolicy(said), index),
  rig: (replay, said, { index }) =>
    replay.ask((town, idempotency) => town.addRig(said.id, replay.rigOf(said), { idempotency }), index),
  place: (replay, said, { index }) => replay.ask((town) => town.host(replay.host, said), index),
  store: (replay, { failsFor }) => replay.failStore(failsFor),
  corrupt: (replay, said) => replay.corrupt(said),
  crash: (replay, { downFor }) => replay.crash(downFor),
  jump: ({ env }, said) => env.jump(said),
};

function mute(host: Host, run: string, isMuted: boolean): void {
  const named = host.named(run)?.run;
  if (named) named.isMuted = isMuted;
}

/** Does what a step says. What it asks of the town is answered later. */
export function perform(replay: Stage, step: Step, index: number): void {
  const verb = verbOf(step);
  const act = performing[verb] as Performing<Verb>;
  act(replay, step[verb] as Said<Verb>, { index });
}
