/** What the inspector is told of containers, rigs, the town itself, and what asks for a person. */
import type { Tone } from '../../inspector/contract.ts';
import type { ActionDescription, MachineDescription, Subject } from '../../inspector/source.ts';
import type { Contexts } from '../parties.ts';
import { referencesOf, runtimeOf, runtimeText } from '../runtime.ts';
import { sharedRuntime } from '../settings.ts';
import { code, contextOf, isIn, reference, type TownScene, text, whyOf } from './scene.ts';

const reasonField = 'reason';

const containerActions: readonly ActionDescription[] = [
  {
    ...{ event: 'RESET', label: 'Make ready again', reasonField },
    description: 'Provides it anew, or takes its draining back.',
  },
  {
    ...{ event: 'DRAIN', label: 'Drain', reasonField, destroys: true },
    description: 'Takes no more runs, and stops when the last has ended.',
  },
];

export function containerDescription(scene: TownScene): MachineDescription {
  return {
    ...{ machine: 'container', label: 'Container', plural: 'Containers', form: 'list', actions: containerActions },
    tone: (subject): Tone | null => {
      if (isIn(subject, 'up')) return 'live';
      if (isIn(subject, 'suspect', 'provisioning', 'down')) return 'time';
      return isIn(subject, 'broken') ? 'danger' : 'plain';
    },
    note: (subject) => {
      const { slots, runs, reason } = contextOf(subject, 'container');
      if (isAway(scene, subject)) return 'not connected';
      return reason ?? (isIn(subject, 'up') && slots !== null ? `${runs.length} of ${slots} slots taken` : null);
    },
    facts: (subject) => {
      const context = contextOf(subject, 'container');
      const { labels, slots, incarnation, runs, failures, misses, probation, reason } = context;
      return [
        ...(isAway(scene, subject) ? text('runner', 'not connected', 'warn') : []),
        ...text('labels', labels.join(', ') || 'none'),
        ...text('slots', slots === null ? 'any number of runs' : `${runs.length} of ${slots} taken`),
        ...code('incarnation', incarnation),
        ...text('runs', runs.length === 0 ? 'none' : `${runs.length}: epochs ${runs.join(', ')}`),
        ...hosted(scene, context).flatMap((agent) => reference('hosts', 'agent', agent)),
        ...code('failures in a row', failures),
        ...(misses > 0 ? code('missed answers', misses) : []),
        ...(probation ? text('probation', 'it restarted too often: one run at a time', 'warn') : []),
        ...text('reason', reason),
      ];
    },
    why: (subject) => whyOf(scene, subject),
    links: (subject) =>
      hosted(scene, contextOf(subject, 'container')).map((id) => ({ label: 'Hosts', ref: `agent/${id}` })),
    attention: (subject) =>
      `It can not be provided: ${contextOf(subject, 'container').reason ?? 'no reason was given'}.`,
  };
}

/** A runner that drains takes no orders, and is there all the same. */
function isAway({ isConnected }: TownScene, subject: Subject): boolean {
  return isConnected?.(contextOf(subject, 'container').id) === false && !isIn(subject, 'draining');
}

/** Whose runs it hosts; other agents are linked to it because their last run was there. */
function hosted({ reads, parties }: TownScene, { id, runs }: Contexts['container']): readonly string[] {
  if (runs.length === 0) return [];
  const linked = reads.links({ machine: 'container', id }, 'hostedBy', 'in');
  return linked.map((ref) => ref.id).filter((agent) => runs.includes(parties.find('agent', agent)?.context.epoch ?? 0));
}

const rigActions: readonly ActionDescription[] = [
  {
    ...{ event: 'PAUSE', label: 'Pause', reasonField },
    description: 'Starts nothing more on it; what runs goes on.',
  },
  { event: 'RESUME', label: 'Resume', reasonField, description: 'Starts runs on it again.' },
  {
    ...{ event: 'RESET', label: 'Try again', reasonField },
    description: 'What kept its agents from starting is mended: starts them again.',
  },
];

export function rigDescription(scene: TownScene): MachineDescription {
  return {
    ...{ machine: 'rig', label: 'Rig', plural: 'Rigs', form: 'list', actions: rigActions },
    tone: (subject): Tone => {
      if (isIn(subject, 'blocked')) return 'danger';
      return isIn(subject, 'unready') ? 'time' : isIn(subject, 'paused') ? 'warn' : 'plain';
    },
    note: (subject) => {
      const { config, reason } = contextOf(subject, 'rig');
      return isIn(subject, 'active') ? config.path : reason;
    },
    facts: (subject) => {
      const { config, reason, container } = contextOf(subject, 'rig');
      const runtime = runtimeOf(config, sharedRuntime(scene.parties));
      return [
        ...text('agents can start', isIn(subject, 'blocked', 'unready') ? 'no' : 'as far as is known'),
        ...text('reason', reason, isIn(subject, 'blocked') ? 'danger' : undefined),
        ...(isIn(subject, 'blocked', 'unready') ? reference('refused by', 'container', container) : []),
        ...code('repository', config.path),
        ...code('branch', config.branch),
        ...code('agent', runtime ? runtimeText(runtime) : config.argv.join(' ')),
        ...code('test', config.test.join(' ')),
        ...text('runs on', (config.labels ?? []).join(', ')),
        ...text('merges', config.merge ? 'into the branch' : 'nothing: work stays on its branch'),
        ...text('secrets', Object.keys(referencesOf(config, sharedRuntime(scene.parties))).join(', ')),
      ];
    },
    attention: (subject) => `Its agents can not start: ${contextOf(subject, 'rig').reason ?? 'no reason was given'}.`,
    why: (subject) => whyOf(scene, subject),
    links: ({ ref }) =>
      scene.reads.links(ref, 'worksOn', 'in').map(({ machine, id }) => ({ label: 'Agent', ref: `${machine}/${id}` })),
  };
}

export function townDescription(scene: TownScene): MachineDescription {
  return {
    ...{ machine: 'town', label: 'Town', plural: 'Towns', form: 'list', actions: [] },
    title: (subject) => contextOf(subject, 'town').name,
    facts: () => Object.entries(scene.policy()).flatMap(([name, value]) => code(name, JSON.stringify(value))),
    shown: () => false,
  };
}

const escalationActions: readonly ActionDescription[] = [
  {
    event: 'ACKNOWLEDGE',
    label: 'I know',
    reasonField,
    description: 'Ends its reminders; it stays until its cause is gone.',
  },
  { event: 'RESOLVE', label: 'Resolve', reasonField, description: 'Closes it, whatever became of its cause.' },
];

export function escalationDescription(): MachineDescription {
  return {
    ...{ machine: 'escalation', label: 'Escalation', plural: 'Escalations', form: 'list', actions: escalationActions },
    title: (subject) => contextOf(subject, 'escalation').message || subject.ref.id,
    tone: (subject) => (isIn(subject, 'raised') ? 'warn' : 'plain'),
    note: (subject) => contextOf(subject, 'escalation').cause,
    link: subjectRef,
    facts: (subject) => {
      const { cause, reminders } = contextOf(subject, 'escalation');
      const [machine = '', ...id] = (subjectRef(subject) ?? '').split('/');
      const about = machine === '' ? [] : reference('about', machine as 'bead', id.join('/'));
      return [...about, ...text('cause', cause), ...code('reminders', reminders)];
    },
    attention: (subject) => sentence(contextOf(subject, 'escalation').message),
    about: subjectRef,
    links: (subject) => {
      const ref = subjectRef(subject);
      return ref === null ? [] : [{ label: 'About', ref }];
    },
    settled: (state) => state === 'resolved',
  };
}

function subjectRef(subject: Subject): string | null {
  const { subject: about } = contextOf(subject, 'escalation');
  return about.includes('/') ? about : null;
}

/** With a full stop, and a capital. */
function sentence(message: string): string {
  const begun = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
