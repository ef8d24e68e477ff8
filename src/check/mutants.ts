/**
 * The mutant suite: defects that were shipped elsewhere, each under the public issue that tells of it, planted in the
 * town's own machines. A check that lets one of them pass is not worth its time.
 */
import type { Policy } from '../../machines/policy.ts';
import { checkScene, type SceneReport } from './check.ts';
import { also, drop, type Mutation, mutated, put, without } from './mutation.ts';
import { CONTAINER, type MachineMaker, realMachines, type Scene, sceneOf } from './scene.ts';

type Where = 'solo' | 'gate' | 'pair' | 'chain' | 'people' | 'labels' | 'slots' | 'away';

export type Mutant = {
  readonly name: string;
  /** `owner/repository#number`. */
  readonly issue: string;
  readonly defect: string;
  readonly where: Where;
  readonly machines: Readonly<Record<string, Mutation>>;
};

const bare = { tokens: false, window: false, probation: false };
const quiet = { ghosts: false, moods: false, merges: false, losses: 1 as const };

const gpu = { labels: ['gpu'], slots: null };
const anything = { labels: [], slots: null };
const full = { labels: [], slots: 0 };

/** The smallest scenes in which the defects can show. */
export const mutantScenes: Readonly<Record<Where, Scene>> = {
  solo: sceneOf(1, 1, { name: 'solo', ghosts: false, detail: { ...bare, tokens: true } }),
  gate: sceneOf(1, 1, { name: 'gate', ...quiet }),
  pair: sceneOf(2, 1, { name: 'pair', ...quiet, detail: bare }),
  chain: sceneOf(1, 2, { name: 'chain', ...quiet, moods: true, chained: true, detail: bare }),
  people: sceneOf(1, 1, { name: 'people', ...quiet, operator: true, detail: bare }),
  // Two containers: of different labels, one of them full, and alike.
  labels: sceneOf(1, 1, { name: 'labels', ...quiet, detail: bare, needs: ['gpu'], places: [gpu, anything] }),
  slots: sceneOf(1, 1, { name: 'slots', ...quiet, detail: bare, places: [anything, full] }),
  away: sceneOf(1, 1, { name: 'away', ...quiet, detail: bare, places: [anything, anything] }),
};

const lost = (target: string) => ({ guard: 'isCurrentEpoch', target, actions: 'failStart' });

const agents: readonly Mutant[] = [
  {
    ...{ name: 'refusal ignored', issue: 'Kilo-Org/cloud#2022', where: 'gate' },
    defect: 'a start that resolves false is not heard',
    machines: { agent: { config: (at) => drop(at('working.dispatching'), 'effect.startRun.refused') } },
  },
  {
    ...{ name: 'silence is no', issue: 'Kilo-Org/cloud#1358', where: 'gate' },
    defect: 'a start call that times out makes the agent idle',
    machines: {
      agent: {
        config: (at) => put(at('working.dispatching'), 'effect.startRun.unanswered', lost('#agent.idle.cooldown')),
      },
    },
  },
  {
    ...{ name: 'unanswered probe is absence', issue: 'gastownhall/gascity#1029', where: 'gate' },
    defect: 'a probe that fails counts as proof that the run is gone',
    machines: {
      agent: {
        config: (at) =>
          put(at('working.unconfirmed.asking'), 'effect.probeRun.unanswered', lost('#agent.idle.cooldown')),
      },
    },
  },
  {
    ...{ name: 'heartbeats do not restore', issue: 'Kilo-Org/cloud#1358', where: 'gate' },
    defect: 'a heartbeat after a start that timed out changes nothing',
    machines: { agent: { config: (at) => drop(at('working.unconfirmed'), 'HEARTBEAT') } },
  },
  {
    ...{ name: 'reports without epoch', issue: 'Kilo-Org/cloud#1359', where: 'gate' },
    defect: 'what an earlier run says is taken for the present one',
    machines: { agent: { unfenced: true, guards: { isCurrentEpoch: () => true, exitedWithWork: () => true } } },
  },
  {
    ...{ name: 'stale heartbeat revives', issue: 'Kilo-Org/cloud#1359', where: 'gate' },
    defect: 'a heartbeat of a replaced run makes an idle agent work',
    machines: { agent: { unfenced: true, guards: { isRevivable: () => true } } },
  },
  {
    ...{ name: 'late completion lost', issue: 'Kilo-Org/cloud#1986', where: 'gate' },
    defect: 'work that is reported done after the agent was given up is thrown away',
    machines: { agent: { config: (at) => drop(at('idle'), 'DONE') } },
  },
  {
    ...{ name: 'caps without cooldown', issue: 'Kilo-Org/cloud#1932', where: 'gate' },
    defect: 'an agent at its cap is locked out for ever',
    machines: { agent: { config: (at) => drop(at('idle.exhausted'), 'cooldown') } },
  },
  {
    ...{ name: 'unconfirmed for ever', issue: 'gastownhall/gascity#1772', where: 'gate' },
    defect: 'a run that nobody can confirm is asked after without a deadline',
    machines: { agent: { config: (at) => drop(at('working.unconfirmed'), 'unconfirmed') } },
  },
  {
    ...{ name: 'silent run for ever', issue: 'gastownhall/gascity#571', where: 'gate' },
    defect: 'a run that stalls is watched and never given up',
    machines: { agent: { config: (at) => drop(at('working.suspect.proven'), 'wedge') } },
  },
  {
    ...{ name: 'refused for good, tried again', issue: 'gastownhall/gastown#3846', where: 'gate' },
    defect: 'a start that can not work is retried like any other',
    machines: { agent: { guards: { isPermanent: () => false } } },
  },
  {
    ...{ name: 'blocked in silence', issue: 'gastownhall/gastown#3638', where: 'gate' },
    defect: 'a rig waits for a person whom nobody told',
    machines: { rig: { idle: ['raiseBlocked'] } },
  },
  {
    ...{ name: 'stall without a charge', issue: 'Kilo-Org/cloud#1487', where: 'solo' },
    defect: 'a run that hung and was stopped costs the bead nothing',
    machines: {
      bead: {
        config: (at) => put(at('in_progress'), 'RUN.FAILED', { guard: 'isCurrentRun', target: '#bead.open.backoff' }),
      },
    },
  },
  {
    ...{ name: 'slot never freed', issue: 'gastownhall/gastown#2727', where: 'gate' },
    defect: 'the end of a run leaves its place in the container taken',
    machines: { container: { idle: ['vacate'] } },
  },
  {
    ...{ name: 'claim leaked', issue: 'nielsgl/symphony#545', where: 'gate' },
    defect: 'an agent keeps a bead that is given back',
    machines: { agent: { idle: ['release'] } },
  },
];

const beads: readonly Mutant[] = [
  {
    ...{ name: 'counter dies with the hook', issue: 'Kilo-Org/cloud#1653', where: 'gate' },
    defect: 'each dispatch sets the failed starts back to 0',
    machines: { bead: { config: (at) => also(at('in_progress.retryDue'), 'DISPATCH', 'resetAttempts') } },
  },
  {
    ...{ name: 'no ceiling on dispatches', issue: 'Kilo-Org/cloud#1402', where: 'gate' },
    defect: 'a bead may be dispatched without end',
    machines: { bead: { guards: { isGenerationSpent: () => false } } },
  },
  {
    ...{ name: 'no pace of dispatches', issue: 'Kilo-Org/cloud#2260', where: 'gate' },
    defect: 'a bead may be dispatched at every tick of an hour',
    machines: { bead: { guards: { isHourSpent: () => false } } },
  },
  {
    ...{ name: 'start failures are free', issue: 'Kilo-Org/cloud#4557', where: 'gate' },
    defect: 'a dispatch that never hooks is not counted',
    machines: { bead: { idle: ['countStartFailure'] } },
  },
  {
    ...{ name: 'heartbeats forgive losses', issue: 'Kilo-Org/cloud#2249', where: 'solo' },
    defect: 'a crash loop with one heartbeat for each life is never capped',
    machines: {
      bead: {
        config: (at) => also(at('in_progress'), 'RUN.STARTED', 'forgive'),
        sets: { forgive: { runFailures: 0 } },
      },
    },
  },
  {
    ...{ name: 'evictions are free', issue: 'Kilo-Org/cloud#3538', where: 'solo' },
    defect: 'a bead whose runs are evicted each time is tried for ever',
    machines: { bead: { guards: { isFreeEviction: () => true } } },
  },
  {
    ...{ name: 'exhausted for ever', issue: 'Kilo-Org/cloud#1932', where: 'gate' },
    defect: 'a bead at its cap does not heal',
    machines: { bead: { config: (at) => drop(at('failed.exhausted'), 'cooldown') } },
  },
  {
    ...{ name: 'clean-up reopens', issue: 'Kilo-Org/cloud#2374', where: 'gate' },
    defect: 'a closed bead is opened again by what heals',
    machines: { bead: { config: (at) => put(at('closed'), 'CONTAINER_RENEWED', { target: 'open' }) } },
  },
  {
    ...{ name: 'done and not closed', issue: 'gastownhall/gastown#3363', where: 'gate' },
    defect: 'work without a merge is reported done and stays in progress',
    machines: { bead: { config: (at) => drop(at('in_progress'), 'RUN.COMPLETED') } },
  },
  {
    ...{ name: 'merged and open', issue: 'gastownhall/gastown#2321', where: 'solo' },
    defect: 'the work is merged, and the bead is worked on again',
    machines: { bead: { guards: { isMerged: () => false } } },
  },
  {
    ...{ name: 'unknown merge is failed', issue: 'Kilo-Org/cloud#1632', where: 'solo' },
    defect: 'a merge without an answer sends finished work back',
    machines: {
      bead: {
        config: (at) =>
          put(at('in_progress.inReview.merging'), 'effect.merge.unanswered', {
            target: '#bead.open.backoff',
            actions: 'countRework',
          }),
      },
    },
  },
  {
    ...{ name: 'claim is no claim', issue: 'gastownhall/beads#3570', where: 'pair' },
    defect: 'a bead that is worked on can be given to a second agent',
    machines: {
      bead: {
        config: (at) => put(at('in_progress.starting'), 'DISPATCH', { guard: 'isNewEpoch', actions: 'takeAnother' }),
      },
    },
  },
  {
    ...{ name: 'scheduled, never spawned', issue: 'gannonh/kata#113', where: 'gate' },
    defect: 'a bead waits for its retry without a deadline',
    machines: { bead: { config: (at) => drop(at('in_progress.retryDue'), 'staleWork') } },
  },
  {
    ...{ name: 'blocked work dispatched', issue: 'gastownhall/gascity#5679', where: 'chain' },
    defect: 'a bead is started before those that it depends on are closed',
    machines: { bead: { guards: { hasOpenDependencies: () => false } } },
  },
  {
    ...{ name: 'unblocking lost', issue: 'gastownhall/gastown#4489', where: 'chain' },
    defect: 'the message that a dependency is closed is not heard',
    machines: { bead: { idle: ['announceClosed'] } },
  },
  {
    ...{ name: 'cancel leaves the run', issue: 'Kilo-Org/cloud#1986', where: 'people' },
    defect: 'the agent of a cancelled bead works on',
    machines: { bead: { config: (at) => without(at('in_progress.running'), 'CANCEL', 'fenceRun') } },
  },
];

const others: readonly Mutant[] = [
  {
    ...{ name: 'breaker counts successes', issue: 'Kilo-Org/cloud#1788', where: 'gate' },
    defect: 'a start that works is counted against the town',
    machines: {
      breaker: {
        config: (at) =>
          put(at('closed'), 'SUCCESS', { guard: 'trips', target: '#breaker.open', actions: 'countOpening' }),
      },
    },
  },
  {
    ...{ name: 'breaker stays open', issue: 'gastownhall/gascity#2714', where: 'gate' },
    defect: 'an open breaker never tries again',
    machines: { breaker: { config: (at) => drop(at('open'), 'cool') } },
  },
  {
    ...{ name: 'probe without a deadline', issue: 'Kilo-Org/cloud#2830', where: 'gate' },
    defect: 'a probe that is never heard of keeps the breaker half-open',
    machines: {
      breaker: {
        config: (at) => {
          drop(at('halfOpen.probing'), 'probeResult');
          drop(at('halfOpen.probing'), 'ENDED');
          drop(at('halfOpen.probing'), 'FAILURE');
        },
      },
    },
  },
  {
    ...{ name: 'many probes', issue: 'Kilo-Org/cloud#1788', where: 'gate' },
    defect: 'a half-open breaker lets everything through',
    machines: {
      breaker: {
        config: (at) => put(at('halfOpen.waiting'), 'DISPATCHED', { guard: 'isProbing', actions: 'takeToken' }),
      },
    },
  },
  {
    ...{ name: 'dispatches without tokens', issue: 'anthropics/claude-code#93255', where: 'gate' },
    defect: 'a dispatch takes nothing of what the town may spend',
    machines: { breaker: { idle: ['takeToken'] } },
  },
  {
    ...{ name: 'restart unnoticed', issue: 'Kilo-Org/cloud#3566', where: 'gate' },
    defect: 'a container that was restarted is taken for the one before',
    machines: { container: { guards: { isRenewed: () => false } } },
  },
  {
    ...{ name: 'dead container, working agents', issue: 'Kilo-Org/cloud#2061', where: 'gate' },
    defect: 'nobody is asked after: a container that is away is up for ever',
    machines: { container: { config: (at) => drop(at('suspect.resting'), 'healthSuspect') } },
  },
  {
    ...{ name: 'labels ignored', issue: 'github-aws-runners/terraform-aws-github-runner#3360', where: 'labels' },
    defect: 'a run is given to a machine that has only some of the labels that it needs',
    machines: { container: { guards: { takes: () => true, takesMore: () => true } } },
  },
  {
    ...{ name: 'slots ignored', issue: 'kestra-io/kestra#7880', where: 'slots' },
    defect: 'more runs are started than the machine has room for',
    machines: { container: { guards: { takes: () => true, takesMore: () => true } } },
  },
  {
    ...{ name: 'loss of another one heard', issue: 'livekit/agents#1472', where: 'away' },
    defect: 'a run listens to the machine that it was first given to, not to the one that it is on',
    machines: {
      agent: { index: () => ({ links: [{ kind: 'hostedBy', to: { machine: 'container', id: CONTAINER } }] }) },
    },
  },
];

export const mutants: readonly Mutant[] = [...agents, ...beads, ...others];

export function machinesOf({ machines }: Mutant): MachineMaker {
  return (policy) => {
    const real = realMachines(policy);
    const changed = Object.entries(machines).flatMap(([name, mutation]) => {
      const definition = real[name];
      return definition ? [[name, mutated(definition, mutation)] as const] : [];
    });
    return { ...real, ...Object.fromEntries(changed) };
  };
}

/** The check of the machines with that defect: it has to be refuted. */
export function checkMutant(
  mutant: Mutant,
  policy: Policy,
  isOver: (states: number) => boolean = () => false,
): SceneReport {
  return checkScene({ policy, scene: mutantScenes[mutant.where], machines: machinesOf(mutant), isOver });
}
