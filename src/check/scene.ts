/** Who is on the stage of a search, and what may happen there. */
import { townMachines } from '../../machines/index.ts';
import { type Policy, policySchema } from '../../machines/policy.ts';
import { BREAKER } from '../../machines/wiring.ts';
import type { Definition } from '../core/define.ts';
import type { EntityRef, JsonValue } from '../core/types.ts';
import type { Place } from '../town/options.ts';
import type { Detail } from './abstraction.ts';
import type { MachineName } from './machine-names.ts';

export type Scene = {
  readonly name: string;
  readonly agents: number;
  readonly beads: number;
  /** What the town's own container offers, and what a second one does where there are two. */
  readonly places: readonly [Place] | readonly [Place, Place];
  /** The labels that runs need. */
  readonly needs: readonly string[];
  /** The second bead depends on the first. */
  readonly chained: boolean;
  /** Answers that come after their state was left, twice, or of earlier incarnations. */
  readonly ghosts: boolean;
  /** Runs that report that they can not go on, need a person, or show that they are active. */
  readonly moods: boolean;
  /** People press every button at any time. */
  readonly operator: boolean;
  readonly merges: boolean;
  /** What counters of lost runs, evictions and reworks are clipped to: 2, or 1 where states are many. */
  readonly losses: 1 | 2;
  readonly detail: Detail;
};

const ANY: Place = { labels: [], slots: null };
const everything: Detail = { tokens: true, window: true, probation: true };

export function sceneOf(agents: number, beads: number, options: Partial<Scene> = {}): Scene {
  return {
    ...{ name: `${agents} agents × ${beads} beads`, agents, beads, places: [ANY], needs: [], chained: false },
    ...{ ghosts: true, moods: true },
    ...{ operator: false, merges: true, losses: 2, detail: everything },
    ...options,
  };
}

/** How the machines of a search are made; mutants wrap it. */
export type MachineMaker = (policy: Policy) => Readonly<Record<string, Definition>>;
export const realMachines: MachineMaker = townMachines;

/** The policy with its caps brought down, so that every order between them stays. */
export function clipped(policy: Policy, losses: 1 | 2): Policy {
  const two = (most: number) => Math.min(most, 2);
  const few = (most: number) => Math.min(most, losses);
  // One, the last, and plenty: what the abstraction tells apart of these.
  const three = (most: number) => Math.min(most, 3);
  return policySchema.parse({
    ...policy,
    ...{ attemptsMax: two(policy.attemptsMax), runsMax: few(policy.runsMax), reworksMax: few(policy.reworksMax) },
    ...{ stopTriesMax: few(policy.stopTriesMax), mergeTriesMax: few(policy.mergeTriesMax) },
    ...{ healthMissesMax: two(policy.healthMissesMax), evictionsFree: Math.min(policy.evictionsFree, losses - 1) },
    ...{ dispatchesPerHour: three(policy.dispatchesPerHour), breakerFailures: three(policy.breakerFailures) },
    townDispatchesPerHour: three(policy.townDispatchesPerHour),
  });
}

export type Role = { readonly ref: EntityRef & { machine: MachineName }; readonly input: JsonValue };

export const RIG = 'r';
export const CONTAINER = 'local';
/** A second one, after all the other columns. */
const ELSEWHERE = 'elsewhere';
export const containersOf = ({ places }: Scene) => (places.length === 1 ? [CONTAINER] : [CONTAINER, ELSEWHERE]);
export const agentId = (place: number) => `p${place + 1}`;
export const beadId = (place: number) => `b${place + 1}`;

/** The entities of a scene, in the order of the columns of its states. */
export function rolesOf({ agents, beads, places: [own, other], chained, merges }: Scene): readonly Role[] {
  const many = (count: number, role: (place: number) => Role) =>
    Array.from({ length: count }, (_, place) => role(place));
  return [
    { ref: { machine: 'breaker', id: BREAKER }, input: { id: BREAKER } },
    containerRole(CONTAINER, own),
    { ref: { machine: 'rig', id: RIG }, input: { id: RIG } },
    ...many(agents, (place) => ({
      ref: { machine: 'agent', id: agentId(place) },
      input: { id: agentId(place), rig: RIG, role: 'polecat', container: CONTAINER },
    })),
    ...many(beads, (place) => {
      const dependsOn = chained && place > 0 ? [beadId(place - 1)] : [];
      return { ref: { machine: 'bead', id: beadId(place) }, input: beadInput(beadId(place), { dependsOn, merges }) };
    }),
    ...(other ? [containerRole(ELSEWHERE, other)] : []),
  ];
}

function containerRole(id: string, { labels, slots }: Place): Role {
  return { ref: { machine: 'container', id }, input: { id, labels: [...labels], slots } };
}

function beadInput(id: string, { dependsOn, merges }: { dependsOn: string[]; merges: boolean }): JsonValue {
  return {
    ...{ id, rig: RIG, title: id, body: '', priority: 2, labels: [], dependsOn, waitingFor: dependsOn },
    ...{ failedDependencies: [], limits: {}, held: false, merges },
  };
}
