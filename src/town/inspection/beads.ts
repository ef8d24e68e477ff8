/** What the inspector is told of beads: the work itself, in waves by what depends on what. */
import { attemptsMax, budgetUsd, runsMax } from '../../../machines/beadActions.ts';
import type { Fact, Tone } from '../../inspector/contract.ts';
import type { ActionDescription, MachineDescription, Subject } from '../../inspector/source.ts';
import { briefOf } from '../run-specs.ts';
import { code, contextOf, historyOf, isIn, money, reference, type TownScene, text, whyOf } from './scene.ts';

const reasonField = 'reason';
const actions: readonly ActionDescription[] = [
  {
    event: 'HOLD',
    label: 'Hold',
    reasonField,
    description: 'Holds it back until it is released; a run of it is ended.',
  },
  {
    ...{ event: 'RELEASE', label: 'Release', reasonField },
    description: 'Lets it go on: it was held, its agent asked something, or a bead that it depends on failed.',
  },
  { event: 'REOPEN', label: 'Reopen', reasonField, description: 'Opens it again, with all its attempts.' },
  {
    ...{ event: 'RESET', label: 'Reset attempts', reasonField },
    description: 'Sets its failed attempts to 0 and ends a wait that they caused.',
  },
  {
    ...{ event: 'CANCEL', label: 'Cancel', reasonField, destroys: true },
    description: 'Gives it up; a run of it is ended. Only a person can reopen it.',
  },
];

export function beadDescription(scene: TownScene): MachineDescription {
  const { reads, policy } = scene;
  return {
    ...{ machine: 'bead', label: 'Bead', plural: 'Beads', form: 'waves', actions, resetEvent: 'RESET' },
    title: (subject) => contextOf(subject, 'bead').title,
    tone,
    note,
    link: (subject) => {
      const { agent } = contextOf(subject, 'bead');
      return agent !== null && isIn(subject, 'in_progress') ? `agent/${agent}` : null;
    },
    attempts: (subject) => {
      const context = contextOf(subject, 'bead');
      return { value: context.startFailures, max: attemptsMax(policy(), context) };
    },
    facts: (subject) => facts(scene, subject),
    history: (subject) => historyOf(scene, subject),
    why: (subject) => whyOf(scene, subject),
    texts: async ({ ref }) => {
      const body = briefOf(reads, ref.id);
      return body === '' ? [] : [{ label: 'Text', text: body }];
    },
    links: (subject) => links(scene, subject),
    attention,
    remedies: (subject) =>
      isIn(subject, 'open.blockedConfig') ? ['RESET', 'CANCEL'] : ['RELEASE', 'REOPEN', 'CANCEL'],
    dependencies: (subject) => {
      const { waitingFor, failedDependencies } = contextOf(subject, 'bead');
      return [...waitingFor, ...failedDependencies].map((id) => `bead/${id}`);
    },
    settled: (state) => isIn({ state }, 'closed', 'failed.cancelled'),
  };
}

function tone(subject: Subject): Tone | null {
  if (isIn(subject, 'closed')) return 'ok';
  if (isIn(subject, 'failed.cancelled')) return 'plain';
  if (isIn(subject, 'in_progress.running', 'in_progress.inReview.merging')) return 'live';
  if (isIn(subject, 'open.backoff', 'open.throttled', 'in_progress.retryWait', 'failed.exhausted')) return 'time';
  return null;
}

/** The reason of a wait or a failure; the agent's words when it is done. */
function note(subject: Subject): string | null {
  const { reason, summary, waitingFor } = contextOf(subject, 'bead');
  if (isIn(subject, 'closed')) return summary;
  if (isIn(subject, 'open.blockedDeps')) return `waits for ${waitingFor.join(', ')}`;
  return reason;
}

function facts({ policy }: TownScene, subject: Subject): readonly Fact[] {
  const context = contextOf(subject, 'bead');
  const budget = budgetUsd(policy(), context);
  return [
    ...reference('rig', 'rig', context.rig),
    ...reference('agent', 'agent', context.agent),
    ...code('epoch', context.epoch || null),
    ...code('priority', context.priority),
    ...text('labels', context.labels.join(', ')),
    counter('failed starts', context.startFailures, { max: attemptsMax(policy(), context), reset: 'RESET' }),
    counter('lost runs', context.runFailures, { max: runsMax(policy(), context), reset: null }),
    counter('reworks', context.reworks, { max: policy().reworksMax, reset: null }),
    counter('dispatches', context.dispatches, { max: policy().dispatchesMax, reset: null }),
    ...(context.spentUsd > 0 || budget !== null
      ? text('spent', budget === null ? money(context.spentUsd) : `${money(context.spentUsd)} of ${money(budget)}`)
      : []),
    ...code('branch', context.branch),
    ...code('merge commit', context.mergeCommit),
    ...text('summary', context.summary),
    ...text('reason', context.reason, isIn(subject, 'failed') ? 'danger' : 'plain'),
    ...text('next run is told', context.lesson),
  ];
}

function counter(label: string, value: number, rest: { readonly max: number; readonly reset: string | null }): Fact {
  return { label, kind: 'counter', value, ...rest };
}

function links({ reads }: TownScene, subject: Subject) {
  const { dependsOn, agent, rig } = contextOf(subject, 'bead');
  const after = reads.links(subject.ref, 'dependsOn', 'in');
  return [
    ...(agent === null ? [] : [{ label: 'Agent', ref: `agent/${agent}` }]),
    ...dependsOn.map((id) => ({ label: 'Depends on', ref: `bead/${id}` })),
    ...after.map(({ machine, id }) => ({ label: 'Needed by', ref: `${machine}/${id}` })),
    { label: 'Rig', ref: `rig/${rig}` },
  ];
}

/** Why it asks for a person. */
function attention(subject: Subject): string {
  const { reason, failedDependencies, runFailures } = contextOf(subject, 'bead');
  const because = reason ? `: ${reason}${/[.!?]$/.test(reason) ? '' : '.'}` : '.';
  if (isIn(subject, 'open.held')) return `A person holds it back${because}`;
  if (isIn(subject, 'open.awaitingInput')) return `Its agent asks${because}`;
  if (isIn(subject, 'open.blockedConfig')) return `It can not start as its rig is configured${because}`;
  if (isIn(subject, 'open.blockedFailedDependency'))
    return `It depends on what failed: ${failedDependencies.join(', ')}.`;
  if (isIn(subject, 'in_progress.inReview')) return `Its merge is blocked${because}`;
  if (isIn(subject, 'failed.gaveUp')) return `Given up after ${runFailures} lost runs${because}`;
  if (isIn(subject, 'failed.permanent')) return `Its agent says that it can not be done${because}`;
  if (isIn(subject, 'failed.reworkExhausted')) return `Its work conflicted or broke the tests too often${because}`;
  if (isIn(subject, 'failed.budget')) return `It cost what it may cost${because}`;
  return `It is in ${subject.state}${because}`;
}
