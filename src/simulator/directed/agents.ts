/** Directed towns for the agent's chart: late signs of life, doubts and their ends, resets at every wait. */
import { type Directed, send } from './script.ts';

/** A run that falls silent at 10 s, that nobody can find and nobody can end: given up at about 2.5 minutes. */
const SILENT = [
  { at: '10s', mute: 'b1' },
  { at: '10s', probe: 'unknown' },
  { at: '10s', stops: 'throws' },
];
/** Its agent rests for long, or not at all. */
const RESTS = { recycleMs: '20m', backoffMs: ['20m'] };
const IDLE = { recycleMs: '1s', backoffMs: ['20m'] };

type Late = { readonly what: string; readonly step: object };
const LATE: readonly Late[] = [
  { what: 'beats', step: { heartbeat: 'b1' } },
  { what: 'is done', step: { done: 'b1' } },
  { what: 'has ended with work', step: { exit: { run: 'b1', code: 0, commits: 1 } } },
  { what: 'has ended with nothing', step: { exit: { run: 'b1', code: 1 } } },
  { what: 'can not be done', step: { failed: { run: 'b1', class: 'permanent' } } },
  { what: 'needs a person', step: { failed: { run: 'b1', class: 'needs_input' } } },
  { what: 'has failed', step: { failed: { run: 'b1', class: 'work' } } },
  { what: 'cost money', step: { usage: { run: 'b1', costUsd: 1 } } },
  { what: 'is cancelled', step: { send: { to: 'bead/b1', event: 'CANCEL' } } },
];

const afterLoss: readonly Directed[] = LATE.flatMap(({ what, step }) =>
  [RESTS, IDLE].map((policy) => ({
    aim: `a run that was given up ${what}, its agent ${policy === RESTS ? 'rests' : 'is idle, nothing to merge'}`,
    policy,
    merges: policy === RESTS,
    script: [...SILENT, { at: '4m', ...step }],
    until: '6m',
  })),
);

/** Its start is never answered and never confirmed: given up at 150 s, and it was the last that it had. */
const UNCONFIRMED = [
  { at: '0s', starts: 'never' },
  { at: '0s', probe: 'unknown' },
  { at: '0s', stops: 'throws' },
];
const LAST = { attemptsMax: 1, dispatchesMax: 5 };

/** What a start that was given up may still say of itself. */
const CLAIMS = ['beats', 'is done', 'can not be done', 'needs a person'];

function afterExhaustion(merges: boolean): readonly Directed[] {
  const late = LATE.filter(({ what }) => (merges ? CLAIMS : ['is done']).includes(what));
  return late.map(({ what, step }) => ({
    aim: `a start that was given up ${what}, bead and agent exhausted${merges ? '' : ', nothing to merge'}`,
    policy: LAST,
    merges,
    script: [...UNCONFIRMED, { at: '4m', ...step }],
    until: '6m',
  }));
}

/** Silent from the beginning: accepted, and no heartbeat ever. */
const HOLLOW = [
  { at: '0s', runs: { beats: false } },
  { at: '0s', stops: 'throws' },
];
const EARLY = { firstHeartbeatMs: '10s' };
const PATIENT = { ...EARLY, suspectMs: '60s', probeMs: '5s' };

/** What the container says of a run that fell silent after its first heartbeat. */
const silences: readonly Directed[] = [
  ...['absent', 'throws', 'never', 'running'].map((answer) => ({
    aim: `a run falls silent, and its container says: ${answer}`,
    policy: { suspectMs: '100s', wedgeMs: '100s' },
    script: [
      { at: '10s', mute: 'b1' },
      { at: '10s', probe: answer },
    ],
    until: '8m',
  })),
  ...['absent', 'throws', 'never'].map((answer) => ({
    aim: `a run falls silent, is seen, and then its container says: ${answer}`,
    policy: { suspectMs: '100s', wedgeMs: '200s' },
    script: [
      { at: '10s', mute: 'b1' },
      { at: '10s', probe: 'running' },
      { at: '2m', probe: answer },
    ],
    until: '8m',
  })),
  {
    aim: 'a container that is let go takes with it what was given up in it',
    policy: { ...RESTS, containerIdleMs: '30s' },
    script: SILENT,
    until: '5m',
  },
  {
    aim: 'a run says what it wants, in every state in which it may live',
    policy: { firstHeartbeatMs: '10s' },
    script: [
      { at: '0s', starts: { answer: 'accepted', takes: '6s' } },
      { at: '0s', runs: { beats: false } },
      { at: '0s', probe: 'unknown' },
      send('2s', 'agent/p1', 'HEARTBEAT', { epoch: 1 }),
      { at: '10s', heartbeat: { run: 'b1', active: true } },
      { at: '20s', progress: 'b1' },
      { at: '115s', progress: 'b1' },
      { at: '120s', heartbeat: 'b1' },
      { at: '130s', failed: { run: 'b1', class: 'work' } },
    ],
    until: '3m',
  },
];

const doubts: readonly Directed[] = [
  ...[{}, LAST].flatMap((policy) =>
    ['absent', 'throws', 'never'].map((answer) => ({
      aim: `a silent start is asked after: ${answer}${policy === LAST ? ', the last of its attempts' : ''}`,
      policy: { ...policy, ...EARLY },
      script: [...HOLLOW, { at: '0s', probe: answer }],
      until: '4m',
    })),
  ),
  {
    aim: 'a silent start speaks when it is doubted',
    policy: EARLY,
    script: [...HOLLOW, { at: '0s', probe: 'unknown' }, { at: '20s', heartbeat: 'b1' }],
    until: '1m',
  },
  ...['unknown', 'never'].map((answer) => ({
    aim: `a start that is answered ${answer} beats all the same`,
    script: [
      { at: '0s', starts: answer },
      { at: '0s', probe: 'never' },
      send('100s', 'agent/p1', 'HEARTBEAT', { epoch: 1 }),
    ],
    until: '2m',
  })),
  ...[{}, LAST].map((policy) => ({
    aim: `an accepted start gives no sign of life${policy === LAST ? ', the last of its attempts' : ''}`,
    policy: { ...policy, ...EARLY },
    script: [...HOLLOW, { at: '0s', probe: 'unknown' }],
    until: '3m',
  })),
  ...[{}, LAST].flatMap((policy) =>
    ['absent', 'running'].map((answer) => ({
      aim: `a silent start is seen, and then ${answer}${policy === LAST ? ', the last of its attempts' : ''}`,
      policy: { ...policy, ...PATIENT },
      script: [...HOLLOW, { at: '0s', probe: 'running' }, { at: '40s', probe: answer }],
      until: '8m',
    })),
  ),
  ...[{}, LAST].flatMap((policy) =>
    ['absent', 'running', 'throws'].map((answer) => ({
      aim: `an unanswered start is asked after: ${answer}${policy === LAST ? ', the last of its attempts' : ''}`,
      policy,
      script: [
        { at: '0s', starts: 'never' },
        { at: '0s', probe: answer },
      ],
      until: '5m',
    })),
  ),
  ...['refused', 'permanent', 'accepted'].flatMap((answer) =>
    [{}, LAST].map((policy) => ({
      aim: `a start is ${answer} after it was doubted${policy === LAST ? ', the last of its attempts' : ''}`,
      policy: { ...policy, startTimeoutMs: '5s' },
      script: [
        { at: '0s', starts: { answer, takes: '10s' } },
        { at: '0s', probe: 'unknown' },
      ],
      until: '2m',
    })),
  ),
  {
    aim: 'a start whose container goes down before a sign of life',
    policy: PATIENT,
    script: [...HOLLOW, { at: '0s', probe: 'unknown' }, { at: '1s', health: 'miss' }],
    until: '2m',
  },
  ...['unknown', 'running'].map((probe) => ({
    aim: `a silent run whose container is down is ${probe === 'running' ? 'seen, and then gone' : 'gone'}`,
    policy: { healthMs: '90s', probeMs: '5s' },
    script: [
      { at: '10s', mute: 'b1' },
      { at: '10s', probe },
      { at: '10s', health: 'miss' },
      { at: '125s', probe: 'absent' },
    ],
    until: '4m',
  })),
  {
    aim: 'a silent run whose container is down is seen for as long as anybody waits',
    policy: { healthMs: '90s', probeMs: '5s' },
    script: [
      { at: '10s', mute: 'b1' },
      { at: '10s', probe: 'running' },
      { at: '10s', health: 'miss' },
    ],
    until: '9m',
  },
];

const STALLING = { nudgeMs: '1m', escalateMs: '1m', stallMs: '10m' };

const resets: readonly Directed[] = [
  {
    aim: 'a run that is slow shows progress in every way, and at last none',
    policy: STALLING,
    script: [
      { at: '70s', heartbeat: { run: 'b1', active: true } },
      { at: '140s', progress: 'b1' },
      { at: '270s', heartbeat: { run: 'b1', active: true } },
      { at: '400s', progress: 'b1' },
    ],
    until: '25m',
  },
  ...['CONFIG_CHANGED', 'RESET', 'PAUSE', 'RESUME'].flatMap((event) =>
    [
      { what: 'rests after a failed start', policy: { backoffMs: ['10m'] }, script: [{ at: '0s', starts: 'refused' }] },
      { what: 'is exhausted', policy: LAST, script: [{ at: '0s', starts: 'refused' }] },
      { what: 'rests after a run', policy: RESTS, script: SILENT },
      { what: 'works', policy: {}, script: [] },
    ].map(({ what, policy, script }) => ({
      aim: `${event} while an agent ${what}`,
      policy,
      script: [
        ...script,
        event === 'CONFIG_CHANGED' ? { at: '5m', policy: { remindersMax: 2 } } : send('5m', 'agent/p1', event),
      ],
      until: '7m',
    })),
  ),
  ...[
    {
      what: 'rests after a failed start',
      policy: { backoffMs: ['10m'] },
      script: [{ at: '0s', starts: [{ bead: 'b1', answer: 'refused' }, { answer: 'accepted' }] }],
    },
    {
      what: 'is exhausted',
      policy: LAST,
      script: [{ at: '0s', starts: [{ bead: 'b1', answer: 'refused' }, { answer: 'accepted' }] }],
    },
    { what: 'rests after a run', policy: RESTS, script: [{ at: '5s', exit: { run: 'b1', code: 1 } }] },
  ].map(({ what, policy, script }) => ({
    aim: `the container restarts while an agent ${what}`,
    policy,
    agents: ['p1', 'p2'],
    beads: [{ id: 'b1' }, { id: 'b2' }],
    script: [...script, { at: '1m', renew: 'all of it' }],
    until: '2m',
  })),
  {
    aim: 'what is exhausted heals with time',
    policy: { ...LAST, cooldownMs: '1m' },
    script: [{ at: '0s', starts: [{ first: 1, answer: 'refused' }, { answer: 'accepted' }] }],
    until: '3m',
  },
  {
    aim: 'a free agent is paused and woken',
    beads: [],
    script: [
      send('1m', 'agent/p1', 'PAUSE'),
      { at: '2m', policy: { remindersMax: 2 } },
      send('3m', 'agent/p1', 'RESUME'),
      send('4m', 'agent/p1', 'RESET'),
    ],
    until: '5m',
  },
];

/** Nobody can end it: it is being stopped for a minute and a half. */
const UNSTOPPABLE = [{ at: '5s', stops: 'never' }, send('10s', 'agent/p1', 'STOP')];

const stops: readonly Directed[] = [
  ...[
    { what: 'says that it failed', step: { failed: { run: 'b1', class: 'work' } } },
    { what: 'is done', step: { done: 'b1' } },
    { what: 'ends', step: { exit: 'b1' } },
    { what: 'loses its container', step: { renew: 'all of it' } },
    { what: 'is told to stop again', step: { send: { to: 'agent/p1', event: 'STOP' } } },
  ].map(({ what, step }) => ({
    aim: `a run that is being stopped ${what}`,
    policy: { healthMs: '5s' },
    script: [...UNSTOPPABLE, { at: '15s', ...step }],
    until: '5m',
  })),
  {
    aim: 'a run that is being stopped loses its container to a person',
    policy: { drainMs: '5s' },
    script: [...UNSTOPPABLE, send('12s', 'container/local', 'DRAIN')],
    until: '4m',
  },
  {
    aim: 'a run that is being stopped in a container that goes down',
    policy: { healthMs: '5s' },
    script: [...UNSTOPPABLE, { at: '10s', health: 'miss' }],
    until: '4m',
  },
];

/** A person at a run: what they say, and the conversation that they have for a while. */
const said = (at: string, event: string, fields: object = {}) => send(at, 'agent/p1', event, fields);
const persons: readonly Directed[] = [
  {
    aim: 'a person speaks to a run, takes its conversation over, speaks, and gives it back',
    script: [
      said('10s', 'MESSAGE', { id: 'm1', text: 'Use tabs.' }),
      said('11s', 'MESSAGE_TAKEN', { epoch: 1, id: 'm1' }),
      said('12s', 'TAKE_OVER'),
      said('13s', 'MESSAGE', { id: 'm2', text: 'And now?' }),
      { at: '14s', heartbeat: 'b1' },
      { at: '15s', progress: 'b1' },
      said('16s', 'TAKE_OVER'),
      said('17s', 'GIVE_BACK'),
      { at: '20s', exit: { run: 'b1', code: 1 } },
    ],
    until: '1m',
  },
  {
    aim: 'a run falls silent while a person has its conversation, comes back to them, and then without them',
    policy: { suspectMs: '100s', wedgeMs: '100s' },
    script: [
      said('10s', 'TAKE_OVER'),
      { at: '20s', mute: 'b1' },
      { at: '20s', probe: 'running' },
      said('130s', 'HEARTBEAT', { epoch: 1 }),
      said('240s', 'GIVE_BACK'),
      said('250s', 'HEARTBEAT', { epoch: 1 }),
      { at: '270s', done: 'b1' },
    ],
    until: '6m',
  },
  {
    aim: 'a person takes a conversation over and goes away',
    policy: { attendedMs: '5s' },
    script: [said('10s', 'TAKE_OVER'), { at: '20s', done: 'b1' }],
    until: '1m',
  },
];

export const agentTowns: readonly Directed[] = [
  ...afterLoss,
  ...afterExhaustion(true),
  ...afterExhaustion(false),
  ...silences,
  ...doubts,
  ...resets,
  ...stops,
  ...persons,
];
