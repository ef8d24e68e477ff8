/** Directed towns for the bead's chart: dependencies, caps, budgets, ends that are under way, merges. */
import { type Directed, send } from './script.ts';

/** A run that nobody can end: a bead that is held or cancelled waits for it for a minute and a half. */
const STUBBORN = [{ at: '5s', stops: 'never' }];
const usage = (at: string, costUsd: number) => ({ at, usage: { run: 'b1', costUsd } });
const DEAR = [{ id: 'b1', policy: { budgetUsd: 2 } }];
const tellB1 = (at: string, event: string) => send(at, 'bead/b1', event);

const chained = (what: object): Directed => ({
  aim: `a bead that ${'held' in what ? 'is held' : 'waits'} hears what becomes of what it depends on`,
  beads: [{ id: 'b1' }, { id: 'b2', dependsOn: ['b1'], ...what }],
  script: [
    tellB1('1m', 'CANCEL'),
    send('2m', 'bead/b2', 'RESET'),
    tellB1('3m', 'REOPEN'),
    send('4m', 'bead/b2', 'RESET'),
    { at: '5m', exit: 'b1' },
    send('7m', 'bead/b2', 'RELEASE'),
  ],
  until: '9m',
});

const dependencies: readonly Directed[] = [
  chained({}),
  chained({ held: true }),
  {
    aim: 'a bead waits for two others, and a person lets it go without the one that failed',
    beads: [{ id: 'b1' }, { id: 'b2' }, { id: 'b3', dependsOn: ['b1', 'b2'] }],
    script: [
      send('10s', 'bead/b2', 'RESET'),
      { at: '30s', exit: 'b1' },
      send('1m', 'bead/b2', 'CANCEL'),
      send('2m', 'bead/b3', 'RELEASE'),
    ],
    until: '3m',
  },
  {
    aim: 'a bead that was cancelled hears what becomes of what it depended on',
    beads: [{ id: 'b1' }, { id: 'b2', dependsOn: ['b1'] }],
    script: [
      send('10s', 'bead/b2', 'CANCEL'),
      tellB1('20s', 'CANCEL'),
      tellB1('1m', 'REOPEN'),
      { at: '2m', exit: 'b1' },
    ],
    until: '3m',
  },
];

const ends: readonly Directed[] = [
  ...['running', 'starting'].flatMap((state) =>
    [
      ['HOLD', 'HOLD', 'RELEASE'],
      ['HOLD', 'CANCEL', 'REOPEN'],
      ['CANCEL', 'REOPEN', 'RESET'],
    ].map((events) => ({
      aim: `${events.join(', ')} while a run that is ${state} can not be ended`,
      script: [
        ...STUBBORN,
        ...(state === 'starting' ? [{ at: '0s', runs: { beats: false } }] : []),
        ...events.map((event, index) => tellB1(`${10 + 5 * index}s`, event)),
        usage('30s', 1),
      ],
      until: '5m',
    })),
  ),
  ...['HOLD', 'CANCEL'].flatMap((event) =>
    [
      { what: 'is done', step: { done: 'b1' } },
      { what: 'costs more than it may', step: { usage: { run: 'b1', costUsd: 5 } } },
      { what: 'costs a little', step: { usage: { run: 'b1', costUsd: 1 } } },
    ].map(({ what, step }) => ({
      aim: `a run that is ended by ${event} ${what}`,
      beads: DEAR,
      script: [...STUBBORN, tellB1('10s', event), { at: '15s', ...step }],
      until: '4m',
    })),
  ),
  ...['HOLD', 'CANCEL'].map((event) => ({
    aim: `${event} for a run that is being ended because it ran too long`,
    policy: { maxRunMs: '1m' },
    script: [...STUBBORN, tellB1('70s', event)],
    until: '5m',
  })),
];

const budgets: readonly Directed[] = [
  ...['running', 'starting'].map((state) => ({
    aim: `a run that is ${state} costs more than its bead may, and the bead is reopened`,
    beads: DEAR,
    script: [
      ...STUBBORN,
      ...(state === 'starting' ? [{ at: '0s', runs: { beats: false } }] : []),
      usage('8s', 1),
      usage('10s', 5),
      tellB1('20s', 'REOPEN'),
    ],
    until: '5m',
  })),
  {
    aim: 'a bead is failed for its budget, and reopened when its run is over',
    beads: DEAR,
    script: [usage('10s', 5), tellB1('3m', 'REOPEN')],
    until: '4m',
  },
  {
    aim: 'the price of a lost run is told after its end, and was too much',
    policy: { backoffMs: ['1m'], recycleMs: '1s' },
    beads: DEAR,
    script: [{ at: '10s', exit: { run: 'b1', code: 1 } }, usage('20s', 5), tellB1('3m', 'REOPEN')],
    until: '4m',
  },
  {
    aim: 'what a run cost is told while its work is merged',
    script: [{ at: '5s', merges: 'never' }, { at: '10s', done: 'b1' }, usage('20s', 1), tellB1('1m', 'CANCEL')],
    until: '40m',
  },
];

const FAILS = { at: '0s', runs: { exits: { after: '5s', code: 1, commits: 0 } } };

const caps: readonly Directed[] = [
  {
    aim: 'a bead has spent its generation, and a person reopens it',
    policy: { attemptsMax: 1, dispatchesMax: 1, backoffMs: ['1s'] },
    script: [FAILS, tellB1('3m', 'REOPEN')],
    until: '5m',
  },
  {
    aim: 'a bead that keeps its agent has spent its generation',
    policy: { attemptsMax: 2, dispatchesMax: 2, backoffMs: ['1m'] },
    beads: [{ id: 'b1', policy: { attemptsMax: 5 } }],
    script: [{ at: '0s', starts: 'refused' }, send('30s', 'agent/p1', 'RESET')],
    until: '5m',
  },
  {
    aim: 'a bead that keeps its agent has spent its hour',
    policy: { dispatchesPerHour: 2, backoffMs: ['1s'] },
    script: [{ at: '0s', starts: 'refused' }, tellB1('10m', 'RESET')],
    until: '70m',
  },
  {
    aim: 'a bead has lost as many runs as it may, and is reopened',
    policy: { runsMax: 2, backoffMs: ['1s'] },
    script: [FAILS, tellB1('5m', 'REOPEN')],
    until: '6m',
  },
  ...['CANCEL', 'HOLD', 'RESET'].flatMap((event) =>
    [
      {
        what: 'waits for its retry',
        at: '10s',
        policy: { backoffMs: ['1m'] },
        script: [{ at: '0s', starts: 'refused' }],
      },
      {
        what: 'may start again and has nobody',
        at: '3m',
        policy: { backoffMs: ['1m'] },
        script: [{ at: '0s', starts: 'refused' }, send('30s', 'agent/p1', 'PAUSE')],
      },
      {
        what: 'has failed for its starts',
        at: '1m',
        policy: { attemptsMax: 1 },
        script: [{ at: '0s', starts: 'refused' }],
      },
      { what: 'can not start', at: '1m', policy: {}, script: [{ at: '0s', starts: 'permanent' }] },
      {
        what: 'has asked a person',
        at: '1m',
        policy: {},
        script: [{ at: '10s', failed: { run: 'b1', class: 'needs_input' } }],
      },
    ].map(({ what, at, policy, script }) => ({
      aim: `${event} while a bead ${what}`,
      policy,
      script: [...script, tellB1(at, event), tellB1('15m', 'RELEASE')],
      until: '20m',
    })),
  ),
  ...[1, 5].map((runsMax) => ({
    aim: `a run is lost with its container, which is not free any more, ${runsMax} may be`,
    policy: { evictionsFree: 0, runsMax },
    script: [{ at: '10s', renew: 'all of it' }],
    until: '1m',
  })),
  {
    aim: 'a bead whose agent never came back is free again',
    policy: { backoffMs: ['10s'], staleWorkMs: '1m' },
    script: [{ at: '0s', starts: 'refused' }, send('5s', 'agent/p1', 'PAUSE')],
    until: '3m',
  },
];

/** An exit tells the head of the work, which is what the target branch is asked for. */
const DONE = { at: '10s', exit: 'b1' };

const merges: readonly Directed[] = [
  {
    aim: 'a run that adds nothing was the last that its bead had',
    policy: { runsMax: 1 },
    script: [{ at: '5s', merges: 'nothing' }, DONE, tellB1('2m', 'REOPEN')],
    until: '3m',
  },
  ...['conflict', 'refused', 'blocked', 'lost', 'never'].flatMap((answer) =>
    [{ reworksMax: 1, mergeTriesMax: 1 }, { mergeTriesMax: 1 }].map((policy) => ({
      aim: `a merge: ${answer}${'reworksMax' in policy ? ', the last that it had' : ''}`,
      policy: { ...policy, mergeMs: '1m', mergePollMs: '30s' },
      script: [
        { at: '5s', merges: answer },
        DONE,
        ...('reworksMax' in policy ? [send('2m', 'escalation/bead/b1:blocked', 'ACKNOWLEDGE')] : []),
        tellB1('130s', 'RESET'),
        ...(answer === 'blocked'
          ? [
              { at: '3m', merges: 'never' },
              { at: '3m', mergeProbe: 'throws' },
            ]
          : []),
        ...(answer === 'never'
          ? [
              { at: '5s', mergeProbe: 'throws' },
              { at: '6m', mergeProbe: 'truth' },
            ]
          : []),
        tellB1('10m', 'REOPEN'),
      ],
      until: '15m',
    })),
  ),
  {
    aim: 'a merge that gave no answer did not happen, and is tried again',
    policy: { mergeMs: '1m' },
    script: [{ at: '5s', merges: 'never' }, DONE, { at: '90s', merges: 'merged' }],
    until: '5m',
  },
  ...['refused', 'never'].map((mergeProbe) => ({
    aim: `nobody can say whether it was merged: ${mergeProbe}`,
    policy: { mergeMs: '1m' },
    script: [
      { at: '5s', merges: 'never' },
      { at: '5s', mergeProbe },
      DONE,
      tellB1('8m', 'CANCEL'),
      { at: '9m', mergeProbe: 'truth' },
    ],
    until: '20m',
  })),
  ...[
    { what: 'which lands first', merge: { answer: 'merged', takes: '20s' }, probe: 'never' },
    { what: 'which has landed', merge: { answer: 'lost' }, probe: 'truth' },
    { what: 'which nobody can find', merge: { answer: 'never' }, probe: 'refused' },
    { what: 'which nobody looks for', merge: { answer: 'never' }, probe: 'never' },
    { what: 'which is not there', merge: { answer: 'never' }, probe: 'truth' },
  ].map(({ what, merge, probe }) => ({
    aim: `a bead is cancelled during its merge, ${what}`,
    policy: { mergeMs: '1m' },
    script: [
      { at: '5s', merges: merge },
      { at: '5s', mergeProbe: probe },
      DONE,
      tellB1('20s', 'CANCEL'),
      tellB1('25s', 'CANCEL'),
      { at: '5m', mergeProbe: 'truth' },
    ],
    until: '10m',
  })),
  {
    aim: 'an agent says that it can not be done, and a person reopens it',
    script: [{ at: '10s', failed: { run: 'b1', class: 'permanent' } }, tellB1('1m', 'REOPEN')],
    until: '2m',
  },
  {
    aim: 'work that is only reported done, when there is nothing to merge',
    merges: false,
    script: [DONE],
    until: '1m',
  },
];

export const beadTowns: readonly Directed[] = [...dependencies, ...ends, ...budgets, ...caps, ...merges];
