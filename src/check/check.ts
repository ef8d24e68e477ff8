/**
 * The model check: every scene searched to its end, every rule and law asked, one verdict for each scene. A search
 * that was cut off has none.
 */
import type { Policy } from '../../machines/policy.ts';
import { statements } from './abstraction.ts';
import { judge, judging, laws } from './laws.ts';
import { type Recovery, recoveryOf } from './recovery.ts';
import { type MachineMaker, realMachines, type Scene, sceneOf } from './scene.ts';
import { driven, type Portions, search, searching } from './search.ts';
import { type Chapter, storyOf } from './story.ts';

export type Verdict = 'proved' | 'refuted' | 'no verdict';

export type SceneReport = {
  readonly scene: string;
  readonly verdict: Verdict;
  readonly states: number;
  readonly edges: number;
  /** Steps that went through a real machine; the others were remembered. */
  readonly steps: number;
  /** What went wrong; null when nothing did. */
  readonly sentence: string | null;
  readonly story: readonly Chapter[];
};

export type CheckOptions = {
  readonly policy: Policy;
  readonly scenes?: readonly Scene[];
  readonly machines?: MachineMaker;
  /** Asked now and then with the number of states of the present scene; true ends the check without a verdict. */
  readonly isOver?: (states: number) => boolean;
};

const noBreaker = { tokens: false, window: false, probation: true };
const bare = { tokens: false, window: false, probation: false };
/** The breaker opens, is tried and ramps; that it runs out of tokens is left out. */
const opening = { ...bare, window: true };

const CLOSED = 'the breaker stays closed, losses clipped to 1';
const OPENING = 'the breaker opens and closes, tokens do not run out, losses clipped to 1';
const MOODS = 'runs are done, die or fall silent';

/** What the command checks when it is not told otherwise; the largest first, as it takes longest. */
export const fullScenes: readonly Scene[] = [
  sceneOf(2, 2, {
    name: `2 agents × 2 beads with ghosts; ${OPENING}, ${MOODS}`,
    ...{ moods: false, losses: 1, detail: opening },
  }),
  sceneOf(1, 1, { name: '1 agent × 1 bead, everything' }),
  sceneOf(2, 1, { name: '2 agents × 1 bead, everything; losses clipped to 1', losses: 1 }),
  sceneOf(2, 1, { name: '2 agents × 1 bead; the breaker stays closed', detail: noBreaker }),
  sceneOf(1, 2, { name: '1 agent × 2 beads, everything; losses clipped to 1', losses: 1 }),
  sceneOf(2, 1, {
    name: `2 agents × 1 bead in 2 containers, one with one slot; no ghosts, nothing is merged, ${CLOSED}, ${MOODS}`,
    ...{ ghosts: false, moods: false, merges: false, losses: 1, detail: bare },
    places: [
      { labels: [], slots: null },
      { labels: [], slots: 1 },
    ],
  }),
  sceneOf(1, 2, {
    name: `1 agent × 2 beads, one depends on the other; no ghosts, ${CLOSED}`,
    ...{ chained: true, ghosts: false, losses: 1, detail: bare },
  }),
];

/** Small enough for every start of a town. */
export const quickScene: Scene = sceneOf(1, 1, {
  name: '1 agent × 1 bead, quick',
  ...{ ghosts: false, moods: false, losses: 1, merges: false },
});

/** Any number of agents and beads, with as much around them as can be. */
export function scenesFor(agents: number, beads: number, operator: boolean): readonly Scene[] {
  const single = agents * beads === 1;
  if (operator) {
    const name = `${agents} × ${beads} with a person at every button but those of breaker and rig; ${CLOSED}`;
    return [sceneOf(agents, beads, { name, operator, moods: single, ghosts: single, losses: 1, detail: bare })];
  }
  if (agents * beads <= 2) {
    const losses = single ? 2 : 1;
    return [sceneOf(agents, beads, { name: `${agents} × ${beads}, everything; losses clipped to ${losses}`, losses })];
  }
  const name = `${agents} × ${beads} with ghosts; ${OPENING}, ${MOODS}`;
  return [sceneOf(agents, beads, { name, moods: false, losses: 1, detail: opening })];
}

export function* check({
  policy,
  scenes = fullScenes,
  machines = realMachines,
  isOver = () => false,
}: CheckOptions): Generator<SceneReport> {
  for (const scene of scenes) yield checkScene({ policy, scene, machines, isOver });
}

type SceneOptions = Required<Omit<CheckOptions, 'scenes'>> & { readonly scene: Scene };

export function checkScene({ isOver, ...options }: SceneOptions): SceneReport {
  return driven(checkingScene(options), isOver);
}

/** The same in portions of some milliseconds; whoever answers one with true ends it without a verdict. */
export function* checkingScene(options: Omit<SceneOptions, 'isOver'>): Portions<SceneReport> {
  const { scene } = options;
  const found = yield* searching(options);
  const violation = found.violation ?? (found.complete ? yield* judging(found) : null);
  const verdict: Verdict = violation ? 'refuted' : found.complete ? 'proved' : 'no verdict';
  return {
    ...{ scene: scene.name, verdict, states: found.states.size, edges: found.graph.edges, steps: found.locals.steps },
    sentence: violation?.sentence ?? null,
    story: violation ? storyOf(found, violation) : [],
  };
}

/** The longest that a town may take to recover, from the states of the quick scene; null when the check refutes it. */
export function recovery(policy: Policy): Recovery | null {
  const found = search({ policy, machines: realMachines, scene: quickScene, isOver: () => false });
  return found.violation || judge(found) ? null : recoveryOf(found, policy);
}

/** What a proof is about. */
export const shown: readonly string[] = [
  ...Object.keys(laws),
  'closed is closed; a bead that failed changes only when a person reopens it, but for one that is exhausted',
  'counters only grow, but for named resets; a dispatch, a failed start and a lost run are each counted once',
  'an agent works exactly when its bead says so; two agents never work for one bead; no idle agent keeps a bead',
  'what happens to a container is heard by those whose runs it hosts, and by nobody who runs in another one',
  'a container takes no run beyond its slots, and none that needs a label that it has not',
  'what an earlier run of an agent says, and what is answered about it, changes nothing',
  'every state that is not an end has a timer, an effect under way, or waits for somebody of a closed list; ' +
    'who waits for a person has told one',
  'a missing answer is no refusal, and a refusal is no missing answer',
];
export { statements };
