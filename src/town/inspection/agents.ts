/** What the inspector is told of agents: who works on what, since when it was heard of, and what it said last. */
import type { EpochMs } from '../../core/types.ts';
import type { Fact, Tone } from '../../inspector/contract.ts';
import type { ActionDescription, MachineDescription, Subject } from '../../inspector/source.ts';
import { messagesAbout } from '../messages.ts';
import { code, contextOf, historyOf, isIn, money, reference, type TownScene, text, whyOf } from './scene.ts';

/** The heading of what a run prints. */
export const outputLabel = (epoch: number) => `Output of run ${epoch}`;

const MESSAGES_MAX = 20;
const TEXT_MAX = 8_000;
const UNATTENDED = ['active', 'quiet', 'stalled'].map((state) => `working.running.${state}`);
const reasonField = 'reason';
const actions: readonly ActionDescription[] = [
  {
    ...{ event: 'RESET', label: 'Reset attempts', reasonField },
    description: 'Forgets its failed starts, so that it may start at once.',
  },
  { event: 'PAUSE', label: 'Pause', reasonField, description: 'Gives it no more beads; its run goes on.' },
  { event: 'RESUME', label: 'Resume', reasonField, description: 'Gives it beads again.' },
  {
    ...{ event: 'MESSAGE', label: 'Say something' },
    description: 'Its run is told when its turn has ended; what it does not take is told to the next run of the bead.',
    payload: {
      type: 'object',
      required: ['text'],
      properties: { text: { type: 'string', maxLength: TEXT_MAX, description: 'What the agent is told.' } },
    },
  },
  {
    ...{ event: 'TAKE_OVER', label: 'Take over', states: UNATTENDED },
    description: 'Ends its turn: it does only what it is told, until the conversation is given back.',
  },
  {
    ...{ event: 'GIVE_BACK', label: 'Give back', states: ['working.running.attended'] },
    description: 'Gives the conversation back: the agent goes on by itself.',
  },
  {
    ...{ event: 'STOP', label: 'Stop run', reasonField, destroys: true },
    description: 'Ends its run; what it committed is kept, and its bead is open again.',
  },
];

export function agentDescription(scene: TownScene): MachineDescription {
  const { policy, output } = scene;
  return {
    ...{ machine: 'agent', label: 'Agent', plural: 'Agents', form: 'grid', actions, resetEvent: 'RESET' },
    title: ({ ref }) => ref.id,
    tone,
    note: (subject) => {
      const { note, reason } = contextOf(subject, 'agent');
      return isIn(subject, 'working') ? (note ?? reason) : reason;
    },
    link: (subject) => {
      const { bead, hook } = contextOf(subject, 'agent');
      const current = isIn(subject, 'working') ? (bead ?? hook) : hook;
      return current === null ? null : `bead/${current}`;
    },
    attempts: (subject) => ({ value: contextOf(subject, 'agent').startFailures, max: policy().attemptsMax }),
    facts: (subject) => facts(scene, subject),
    history: (subject) => historyOf(scene, subject),
    why: (subject) => whyOf(scene, subject),
    texts: async (subject) => {
      const { epoch } = contextOf(subject, 'agent');
      const said = saidTo(scene, subject);
      if (!output || epoch === 0) return said;
      // A run that has just begun has printed nothing.
      const printed = await output(subject.ref.id, epoch).catch(() => '');
      return [{ label: outputLabel(epoch), text: printed }, ...said];
    },
    links,
    attention,
    remedies: (subject) => (isIn(subject, 'working') ? ['STOP'] : ['RESET', 'RESUME']),
    settled: () => false,
  };
}

function tone(subject: Subject): Tone | null {
  if (isIn(subject, 'working.running.active', 'working.running.quiet', 'working.running.attended')) return 'live';
  if (isIn(subject, 'working.running.stalled')) return 'warn';
  if (isIn(subject, 'working.unconfirmed', 'working.suspect')) return 'time';
  if (isIn(subject, 'idle.cooldown', 'idle.exhausted')) return 'time';
  return isIn(subject, 'exited', 'idle.ready', 'idle.paused') ? 'plain' : null;
}

function facts(scene: TownScene, subject: Subject): readonly Fact[] {
  const context = contextOf(subject, 'agent');
  const beat = lastBeat(scene, subject);
  return [
    ...reference('bead', 'bead', context.bead),
    ...(context.hook !== context.bead ? reference('hook', 'bead', context.hook) : []),
    ...reference('rig', 'rig', context.rig),
    ...reference('container', 'container', context.container),
    ...(context.pinned === null ? [] : text('bound', `to container ${context.pinned}`)),
    ...code('epoch', context.epoch || null),
    ...(beat === null ? [] : [{ label: 'last heartbeat', kind: 'age' as const, at: beat }]),
    {
      ...{ label: 'failed starts', kind: 'counter', value: context.startFailures, max: scene.policy().attemptsMax },
      reset: 'RESET',
    },
    ...text('conversation', isAttended(subject) ? 'a person has it' : null, 'warn'),
    ...text('not heard yet', unheardText(context.unheard)),
    ...text('last message', context.note),
    ...code('branch', context.branch),
    ...code('worktree', worktreeOf(scene, subject)),
    ...code('incarnation', context.incarnation),
    ...(context.tokens > 0 ? code('tokens', context.tokens) : []),
    ...(context.costUsd > 0 ? code('cost', money(context.costUsd)) : []),
    ...(context.pauseWanted ? text('pause', 'wanted when its run is over', 'warn') : []),
    ...text('reason', context.reason),
  ];
}

const isAttended = (subject: Subject) => isIn(subject, 'working.running.attended');

function unheardText(unheard: readonly string[] = []): string | null {
  return unheard.length === 0 ? null : `${unheard.length} of what people said`;
}

/** What people said to it, newest first. */
function saidTo({ reads }: TownScene, { ref }: Subject) {
  const lines = messagesAbout(reads, ref, MESSAGES_MAX).map(({ by, epoch, state, text: words }) => {
    return `${by} to run ${epoch} (${state}):\n${words}\n`;
  });
  return lines.length === 0 ? [] : [{ label: 'Messages', text: lines.join('\n') }];
}

/** A heartbeat moves the lease of its timer to a full length from then. */
function lastBeat({ reads }: TownScene, { ref }: Subject): EpochMs | null {
  const timers = reads.timers({ entity: ref }, { limit: 50 }).items;
  const lease = timers.find(({ name }) => name === 'lease');
  return lease ? (lease.leaseUntil ?? lease.dueAt) - lease.delayMs : null;
}

function worktreeOf({ worktree }: TownScene, subject: Subject): string | null {
  const { bead, epoch } = contextOf(subject, 'agent');
  return bead === null || epoch === 0 ? null : worktree({ bead, epoch });
}

function links(subject: Subject) {
  const { bead, hook, container, rig } = contextOf(subject, 'agent');
  const beads = [...new Set([bead, hook])].flatMap((id) => (id === null ? [] : [{ label: 'Bead', ref: `bead/${id}` }]));
  const place = container === '' ? [] : [{ label: 'Container', ref: `container/${container}` }];
  return [...beads, ...place, { label: 'Rig', ref: `rig/${rig}` }];
}

function attention(subject: Subject): string {
  const { reason, bead } = contextOf(subject, 'agent');
  const because = reason ? `: ${reason}` : '';
  if (isIn(subject, 'idle.quarantined')) return `It can not start as it is configured${because}.`;
  if (isIn(subject, 'working.running.stalled')) return `Its run of ${bead ?? 'a bead'} lives but shows no progress.`;
  return `It is in ${subject.state}${because}.`;
}
