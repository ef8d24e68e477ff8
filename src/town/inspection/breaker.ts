/** What the inspector is told of the breaker: its window of failures, its tokens, its budget, what it holds back. */
import type { Fact } from '../../inspector/contract.ts';
import type { ActionDescription, BreakerFacts, MachineDescription, Subject } from '../../inspector/source.ts';
import { code, contextOf, isIn, money, type TownScene, text, whyOf } from './scene.ts';

const reasonField = 'reason';
/** Rows of its log among which the starts that failed are looked for. */
const LOOK_MAX = 100;

const actions: readonly ActionDescription[] = [
  {
    ...{ event: 'RESUME', label: 'Resume', reasonField },
    description: 'Starts runs again, with one to see how it goes.',
  },
  {
    ...{ event: 'RESET', label: 'Try now', reasonField, states: ['open', 'halfOpen'] },
    description: 'Lets one dispatch through now instead of when it has cooled.',
  },
  {
    ...{ event: 'RESET', label: 'Refill tokens', reasonField, states: ['closed.throttled'] },
    description: 'Gives back the dispatches of the hour and of the day.',
  },
  {
    ...{ event: 'PAUSE', label: 'Pause', reasonField, destroys: true },
    description: 'Dispatches nothing more; what runs goes on.',
  },
];

export function breakerDescription(scene: TownScene): MachineDescription {
  return {
    ...{ machine: 'breaker', label: 'Breaker', plural: 'Breakers', form: 'chart', actions },
    tone: (subject) => (isIn(subject, 'closed') ? 'ok' : 'warn'),
    title: () => 'Dispatch breaker',
    note: (subject) => contextOf(subject, 'breaker').reason,
    facts: (subject) => facts(scene, subject),
    why: (subject) => whyOf(scene, subject),
    breaker: (subject) => breakerFacts(scene, subject),
  };
}

function facts({ policy }: TownScene, subject: Subject): readonly Fact[] {
  const { hourly, daily, spentUsd, openings, probe, ramp, pending, reason } = contextOf(subject, 'breaker');
  const { townDispatchesPerHour, townDispatchesPerDay, townBudgetUsdPerDay } = policy();
  const budget = townBudgetUsdPerDay === null ? '' : ` of ${money(townBudgetUsdPerDay)}`;
  return [
    ...text('dispatches left this hour', `${Math.floor(hourly.tokens)} of ${townDispatchesPerHour}`),
    ...text('dispatches left this day', `${Math.floor(daily.tokens)} of ${townDispatchesPerDay}`),
    ...text('spent today', `${money(spentUsd)}${budget}`),
    ...(openings > 0 ? code('openings in a row', openings) : []),
    ...(probe === null ? [] : code('probe', `epoch ${probe}`)),
    ...(isIn(subject, 'closed.ramping') ? text('let in', `${pending.length} of ${ramp} starts at a time`) : []),
    ...text('reason', reason),
  ];
}

function breakerFacts(scene: TownScene, subject: Subject): BreakerFacts {
  const { outcomes, reason } = contextOf(subject, 'breaker');
  const { breakerFailures, breakerWindowMs } = scene.policy();
  const starts = failedStarts(scene, subject);
  const unknown: FailedStart = { ref: null, text: 'a start failed' };
  const closed = isIn(subject, 'closed');
  const counted = outcomes.filter(({ ok }) => !ok).map(({ at }) => ({ at, ...(starts.get(at)?.shift() ?? unknown) }));
  // Its own count begins anew when it opens: then those are told of that opened it.
  const told = [...starts].flatMap(([at, failed]) => failed.map((start) => ({ at, ...start })));
  return {
    ...{ closed, reason, max: breakerFailures, windowMs: breakerWindowMs },
    failures: closed ? counted : told,
    holds: { machine: 'bead', state: 'open.ready' },
  };
}

type FailedStart = { readonly ref: string | null; readonly text: string };

/** The starts that failed, by the instant at which the breaker heard of them, in order. */
function failedStarts({ reads }: TownScene, { ref }: Subject): ReadonlyMap<number, FailedStart[]> {
  const rows = reads.log({ entity: ref, type: 'FAILURE' }, { limit: LOOK_MAX, order: 'desc' });
  const starts = new Map<number, FailedStart[]>();
  for (const { at, event } of [...rows].reverse()) {
    const [attempt] = reads.records({ kind: 'attempt', id: String(event.epoch), limit: 1 });
    if (!attempt) continue;
    const { agent, bead, reason, outcome } = attempt.body;
    const words = [outcome, reason].filter((word) => typeof word === 'string').join(': ');
    const start = { ref: `bead/${String(bead)}`, text: `${String(agent)}: ${words}` };
    starts.set(at, [...(starts.get(at) ?? []), start]);
  }
  return starts;
}
