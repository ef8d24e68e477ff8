/** Directed towns for the charts of container, breaker, rig and escalation. */
import { type Directed, send } from './script.ts';

/** Accepted, and nothing runs: who speaks for the run speaks from whatever incarnation there is. */
const HOLLOW = [
  { at: '0s', starts: 'hollow' },
  { at: '5s', heartbeat: 'b1' },
  { at: '10s', probe: 'unknown' },
  { at: '10s', stops: 'throws' },
];
const DOWN = { at: '15s', health: 'miss' };
const QUIET_TOWN = send('10s', 'breaker/town', 'PAUSE');
const speaks = (at: string) => send(at, 'agent/p1', 'HEARTBEAT', { epoch: 1 });
/** A report that names the incarnation; it may be another one than was known. */
const reports = (at: string) => ({ at, heartbeat: 'b1#1' });
const SUSPECTS = { suspectMs: '40s', leaseMs: '60s', evictionsFree: 5 };

type Where = {
  readonly what: string;
  readonly policy: object;
  readonly script: Directed['script'];
  readonly at: string;
};

/** Ways to a container that is not up while a run of it is given up and may still live. */
const AWAY: readonly Where[] = [
  { what: 'is absent', policy: {}, script: [QUIET_TOWN, DOWN], at: '3m' },
  { what: 'is down', policy: { containerBackoffMs: '5m' }, script: [DOWN], at: '3m' },
  { what: 'is being made', policy: { provisionMs: '5m' }, script: [DOWN, { at: '12s', provision: 'never' }], at: '3m' },
  { what: 'can not be made', policy: {}, script: [DOWN, { at: '12s', provision: 'permanent' }], at: '3m' },
  {
    what: 'does not answer',
    policy: { healthSuspectMs: '2m', backoffMs: ['20m'] },
    script: [
      { at: '6s', heartbeat: 'b2', every: '30s', times: 5 },
      { ...DOWN, at: '150s' },
      { at: '5m', health: 'ok' },
    ],
    at: '200s',
  },
  {
    what: 'is up',
    policy: { healthMs: '20m', backoffMs: ['20m'] },
    script: [{ at: '6s', heartbeat: 'b2', every: '30s', times: 14 }],
    at: '200s',
  },
];

const away = AWAY.flatMap(({ what, policy, script, at }): readonly Directed[] =>
  [
    { how: 'a run speaks', steps: [speaks(at)] },
    { how: 'its own run is heard', steps: [reports(at)] },
    { how: 'a run of another incarnation is heard', steps: [{ at, renew: 'nobody said so' }, reports(at)] },
    { how: 'settings are changed', steps: [{ at, policy: { remindersMax: 2 } }] },
    { how: 'it is reset', steps: [send(at, 'container/local', 'RESET')] },
    { how: 'it is drained', steps: [send(at, 'container/local', 'DRAIN')] },
  ].map(({ how, steps }) => ({
    aim: `${how} while the container ${what}`,
    policy: { ...SUSPECTS, ...policy },
    agents: ['p1', 'p2'],
    beads: [{ id: 'b1' }, { id: 'b2' }],
    script: [...HOLLOW, ...script, ...steps],
    until: '7m',
  })),
);

const hosts: readonly Directed[] = [
  {
    aim: 'a container restarts while nobody knows whether a start was heard',
    policy: { healthMs: '5s' },
    agents: ['p1', 'p2'],
    beads: [{ id: 'b1' }, { id: 'b2' }],
    script: [
      { at: '0s', starts: [{ bead: 'b1', answer: 'never' }, { answer: 'accepted' }] },
      { at: '20s', renew: 'all of it' },
    ],
    until: '1m',
  },
  ...['miss', 'never'].flatMap((health) =>
    ['same', 'another'].map((incarnation) => ({
      aim: `a container misses two health checks (${health}) and is the ${incarnation} one again`,
      policy: { healthMs: '5s', healthSuspectMs: '5s' },
      script: [
        { at: '7s', health },
        ...(incarnation === 'another' ? [{ at: '8s', renew: 'all of it' }] : []),
        { at: '17s', health: 'ok' },
      ],
      until: '1m',
    })),
  ),
  {
    aim: 'a container never answers again',
    policy: { healthMs: '5s', healthSuspectMs: '5s' },
    script: [...HOLLOW, { at: '7s', health: 'never' }],
    until: '3m',
  },
  {
    aim: 'a container is refused, and made later',
    script: [
      { at: '0s', provision: 'refused' },
      { at: '1m', provision: 'ok' },
    ],
    until: '2m',
  },
  {
    aim: 'a person changes his mind about a drained container',
    script: [send('10s', 'container/local', 'DRAIN'), send('20s', 'container/local', 'RESET')],
    until: '1m',
  },
  {
    aim: 'a drained container does not wait for its runs any longer',
    script: [send('10s', 'container/local', 'DRAIN'), send('20s', 'container/local', 'CLOSE')],
    until: '2m',
  },
  {
    aim: 'a container has one slot, and later more',
    agents: ['p1', 'p2'],
    beads: [{ id: 'b1' }],
    script: [
      { at: '5s', place: { slots: 1 } },
      { at: '10s', beads: [{ id: 'b2', rig: 'r' }] },
      { at: '30s', place: { slots: null } },
    ],
    until: '1m',
  },
  {
    aim: 'a container takes too long to let go',
    policy: { containerIdleMs: '30s', provisionMs: '10s' },
    script: [
      { at: '0s', release: 'never' },
      { at: '10s', exit: 'b1' },
    ],
    until: '2m',
  },
  {
    aim: 'a run is given up after its container could not be made again',
    policy: { suspectMs: '2m', leaseMs: '10m', nudgeMs: '20m' },
    agents: ['p1', 'p2'],
    script: [...HOLLOW, DOWN, { at: '12s', provision: 'permanent' }, { at: '25s', beads: [{ id: 'b2', rig: 'r' }] }],
    until: '5m',
  },
  {
    aim: 'a run that was given up speaks while its container is drained',
    policy: { drainMs: '10m', recycleMs: '1s', backoffMs: ['20m'] },
    agents: ['p1', 'p2'],
    beads: [{ id: 'b1' }, { id: 'b2' }],
    script: [
      ...HOLLOW,
      { at: '20s', heartbeat: 'b2' },
      { at: '60s', heartbeat: 'b2', every: '60s', times: 5 },
      send('170s', 'container/local', 'DRAIN'),
      speaks('180s'),
      { at: '190s', renew: 'all of it' },
      reports('200s'),
      send('220s', 'container/local', 'RESET'),
    ],
    until: '5m',
  },
  {
    aim: 'a container is emptied and let go, three times',
    policy: { containerIdleMs: '30s', drainMs: '30s' },
    script: [
      { at: '10s', exit: 'b1' },
      { at: '2m', beads: [{ id: 'b2', rig: 'r' }] },
      send('130s', 'container/local', 'DRAIN'),
      { at: '140s', exit: 'b2' },
      { at: '4m', beads: [{ id: 'b3', rig: 'r' }] },
      send('250s', 'container/local', 'DRAIN'),
    ],
    until: '7m',
  },
  ...['refused', 'never'].map((answer) => ({
    aim: `a container can not be let go: ${answer}`,
    policy: { containerIdleMs: '30s' },
    script: [
      { at: '0s', release: answer },
      { at: '10s', exit: 'b1' },
    ],
    until: '4m',
  })),
];

/** One failed start is enough. */
const TOUCHY = { breakerFailures: 1, breakerCoolMs: '30s', backoffMs: ['30m'] };
const REFUSED = { at: '0s', starts: [{ bead: 'b1', answer: 'refused' }, { answer: 'accepted' }] };
const team = (count: number) => Array.from({ length: count }, (_, index) => `p${index + 1}`);
const more = (at: string, ...ids: string[]) => ({ at, beads: ids.map((id) => ({ id, rig: 'r' })) });

const breakers: readonly Directed[] = [
  {
    aim: 'the town has dispatched as often as it may: time, and a person',
    policy: { townDispatchesPerHour: 1 },
    agents: team(3),
    beads: [{ id: 'b1' }, { id: 'b2' }, { id: 'b3' }],
    script: [send('5m', 'breaker/town', 'RESET')],
    until: '2h30m',
  },
  ...[{}, { attemptsMax: 1 }].map((policy) => ({
    aim: `the breaker opens, tries one start and closes${'attemptsMax' in policy ? '; what was exhausted heals' : ''}`,
    policy: { ...TOUCHY, rampMs: 'attemptsMax' in policy ? '3m' : '1m', ...policy },
    agents: team(8),
    script: [REFUSED, more('10s', 'b2'), more('2m', 'b3', 'b4', 'b5', 'b6', 'b7', 'b8')],
    until: '12m',
  })),
  {
    aim: 'the breaker closes while the agent of a lost run rests',
    policy: { ...TOUCHY, recycleMs: '30m' },
    agents: team(3),
    script: [
      { at: '0s', starts: [{ bead: 'b2', answer: 'refused' }, { answer: 'accepted' }] },
      { at: '10s', exit: { run: 'b1', code: 1 } },
      more('20s', 'b2'),
      more('30s', 'b3'),
    ],
    until: '5m',
  },
  {
    aim: 'the breaker closes when the town has no token left',
    policy: { ...TOUCHY, townDispatchesPerHour: 2 },
    agents: team(3),
    script: [REFUSED, more('10s', 'b2'), more('2m', 'b3')],
    until: '2h',
  },
  {
    aim: 'the breaker is reset while it is open, and its probe while it is under way',
    policy: { ...TOUCHY, breakerCoolMs: '10m' },
    agents: team(3),
    script: [
      { at: '0s', starts: [{ bead: 'b1', answer: 'refused' }, { answer: 'hollow' }] },
      send('1m', 'breaker/town', 'RESET'),
      more('70s', 'b2'),
      send('80s', 'breaker/town', 'RESET'),
      more('90s', 'b3'),
    ],
    until: '10m',
  },
  ...[
    { what: 'is stopped', steps: [send('100s', 'agent/p2', 'STOP')] },
    { what: 'gives no sign of life in time', steps: [] },
  ].map(({ what, steps }) => ({
    aim: `the probe of the breaker ${what}`,
    policy: { ...TOUCHY, breakerProbeMs: '60s' },
    agents: team(2),
    script: [
      { at: '0s', starts: [{ bead: 'b1', answer: 'refused' }, { answer: 'hollow' }] },
      more('70s', 'b2'),
      ...steps,
    ],
    until: '5m',
  })),
  {
    aim: 'the probe of the breaker fails',
    policy: TOUCHY,
    agents: team(2),
    script: [{ at: '0s', starts: 'refused' }, more('70s', 'b2')],
    until: '5m',
  },
  {
    aim: 'a day costs more than it may, and another one begins',
    policy: { townBudgetUsdPerDay: 2 },
    script: [
      { at: '10s', usage: { run: 'b1', costUsd: 5 } },
      { at: '20s', usage: { run: 'b1', costUsd: 1 } },
      { at: '60s', exit: 'b1' },
    ],
    until: '25h',
  },
  {
    aim: 'a person pauses the breaker, and what runs costs money',
    script: [
      QUIET_TOWN,
      { at: '20s', usage: { run: 'b1', costUsd: 1 } },
      send('30s', 'breaker/town', 'PAUSE'),
      send('40s', 'breaker/town', 'RESUME'),
    ],
    until: '2m',
  },
];

const people: readonly Directed[] = [
  {
    aim: 'a rig is paused, configured and woken',
    script: [
      send('10s', 'rig/r', 'PAUSE'),
      { at: '20s', rig: { id: 'r', merge: false } },
      send('30s', 'rig/r', 'RESUME'),
    ],
    until: '1m',
  },
  ...['ACKNOWLEDGE'].map((event) => ({
    aim: `a person says ${event} to an escalation, which is reminded of otherwise`,
    policy: { remindMs: '1m' },
    script: [
      { at: '10s', failed: { run: 'b1', class: 'needs_input' } },
      send('4m', 'escalation/bead/b1:input', event),
      send('6m', 'bead/b1', 'RELEASE'),
    ],
    until: '8m',
  })),
];

export const hostTowns: readonly Directed[] = [...away, ...hosts, ...breakers, ...people];
