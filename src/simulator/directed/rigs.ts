/** Directed towns for the rig's chart: starts that are refused to all of its agents, looks, and what mends them. */
import { type Directed, send } from './script.ts';

/** Looked at every ten seconds, at first. */
const LOOKS = { rigLookMs: '10s', rigLookMaxMs: '1m', rigLookTimeoutMs: '8s' };
const ANSWERS = ['ready', 'unready', 'permanent', 'nobody', 'throws', 'never'];
const REFUSALS = ['unready', 'permanent'];

/** The first start is refused, those after it are not. */
const refusedOnce = (answer: string) => ({ at: '0s', starts: [{ first: 1, answer }, { answer: 'accepted' }] });

const looks: readonly Directed[] = REFUSALS.flatMap((refusal) =>
  ANSWERS.map((answer) => ({
    aim: `a rig whose start was refused (${refusal}) is looked at: ${answer}`,
    policy: LOOKS,
    script: [refusedOnce(refusal), { at: '1s', readiness: answer }, { at: '90s', readiness: 'ready' }],
    until: '5m',
  })),
);

const mended: readonly Directed[] = REFUSALS.flatMap((refusal) =>
  [
    ...['RESET', 'RESUME', 'PAUSE'].map((event) => ({ what: event, step: send('30s', 'rig/r', event) })),
    { what: 'CONFIGURE', step: { at: '30s', rig: { id: 'r', test: ['true'] } } },
    { what: 'a change of a setting', step: { at: '30s', policy: { remindersMax: 2 } } },
  ].map(({ what, step }) => ({
    aim: `${what} while a rig is ${refusal}`,
    script: [refusedOnce(refusal), step, send('40s', 'rig/r', 'RESUME')],
    until: '1m',
  })),
);

const TWO = { agents: ['p1', 'p2'], beads: [{ id: 'b1' }, { id: 'b2' }] };
const slowly = (bead: string, answer: string) => ({ bead, answer, takes: '10s' });

const many: readonly Directed[] = [
  ...REFUSALS.map((first) => ({
    aim: `a second start of a rig is refused for good after the first was (${first})`,
    ...TWO,
    script: [{ at: '0s', starts: [{ bead: 'b1', answer: first }, slowly('b2', 'permanent')] }],
    until: '30s',
  })),
  {
    aim: 'a start is refused for good while its rig is paused',
    script: [
      { at: '0s', starts: [slowly('b1', 'permanent'), { answer: 'accepted' }] },
      send('5s', 'rig/r', 'PAUSE'),
      send('20s', 'rig/r', 'RESUME'),
    ],
    until: '1m',
  },
  {
    aim: 'a rig is away so long that a person is told',
    policy: LOOKS,
    script: [refusedOnce('unready'), { at: '1s', readiness: 'unready' }],
    until: '10m',
  },
  {
    aim: 'a run finds out that its rig is not configured as it should be',
    script: [{ at: '10s', failed: { run: 'b1', class: 'config' } }],
    until: '30s',
  },
  ...REFUSALS.map((answer) => ({
    aim: `a start is ${answer} after it was doubted`,
    policy: { startTimeoutMs: '5s' },
    script: [
      { at: '0s', starts: { answer, takes: '10s' } },
      { at: '0s', probe: 'unknown' },
    ],
    until: '1m',
  })),
];

/** No other agent would be refused: the rig goes on. */
const bound: readonly Directed[] = [
  ...['CONFIG_CHANGED', 'RESET', 'PAUSE', 'RESUME'].map((event) => ({
    aim: `${event} while an agent that is bound to its container can not start there`,
    agents: [{ id: 'p1', rig: 'r', container: 'local' }],
    script: [
      { at: '0s', starts: 'permanent' },
      event === 'CONFIG_CHANGED' ? { at: '5m', policy: { remindersMax: 2 } } : send('5m', 'agent/p1', event),
    ],
    until: '7m',
  })),
  {
    aim: 'a start of a bound agent is refused for good after it was doubted',
    policy: { startTimeoutMs: '5s' },
    agents: [{ id: 'p1', rig: 'r', container: 'local' }],
    script: [
      { at: '0s', starts: { answer: 'permanent', takes: '10s' } },
      { at: '0s', probe: 'unknown' },
    ],
    until: '1m',
  },
];

export const rigTowns: readonly Directed[] = [...looks, ...mended, ...many, ...bound];
