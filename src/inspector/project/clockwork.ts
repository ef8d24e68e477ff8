/** What waits in the engine itself: timers and effects. */
import { Refused } from '../../core/errors.ts';
import { refText } from '../../core/types.ts';
import type { EffectRow, EffectStatus, TimerRow } from '../../store/port.ts';
import type { EffectLine, OutboxGroup, OutboxView, TimerLine, TimersView } from '../contract.ts';
import type { Inspection, Viewer } from './inspection.ts';
import { actionsOf, lineOfRow, ringsAt } from './line.ts';
import type { Machine } from './machine.ts';
import { OVERDUE_MS } from './needs-you.ts';
import { PAGE } from './pages.ts';
import { masked } from './texts.ts';

const HOUR_MS = 3_600_000;
const HOURS = 24;
const COUNT_MAX = 10_000;
const REASONS_LOOKED_AT = 500;
const REASONS_MAX = 20;
const ATTEMPTS_MAX = 50;
const FOREVER = Number.MAX_SAFE_INTEGER;

export function timerLine(inspection: Inspection, row: TimerRow): TimerLine {
  return {
    ...{ ref: refText(row.entity), title: inspection.title(row.entity), id: row.id, name: row.name },
    ...{ event: row.event.type, dueAt: row.dueAt, leaseUntil: row.leaseUntil, delayMs: row.delayMs },
    ...{ setSeq: row.setSeq, overdue: ringsAt(row) < inspection.now() - OVERDUE_MS },
  };
}

export function timersView(inspection: Inspection, after?: string): TimersView {
  const { reads } = inspection.source;
  const now = inspection.now();
  const { items, next } = reads.timers({}, { limit: PAGE, ...(after !== undefined && { after }) });
  const density = Array.from({ length: HOURS }, (_, hour) =>
    reads.timerCount(now + hour * HOUR_MS, now + (hour + 1) * HOUR_MS),
  );
  return {
    ...inspection.stamp(),
    lines: { items: items.map((row) => timerLine(inspection, row)), next },
    ...{ overdue: reads.timerCount(0, now - OVERDUE_MS), total: reads.timerCount(0, FOREVER), density },
  };
}

export function effectLine(inspection: Inspection, row: EffectRow): EffectLine {
  const { mask } = inspection.source;
  const { key, type, status, attempt, dueAt, note } = row;
  return {
    ...{ key, ref: refText(row.entity), title: inspection.title(row.entity), type, status, attempt, dueAt },
    note: note === null ? null : mask(note),
    params: masked(row.params, mask) as EffectLine['params'],
  };
}

const groups: readonly OutboxGroup[] = ['running', 'due', 'waiting', 'stuck', 'settled'];
const statusOf: Readonly<Record<OutboxGroup, EffectStatus>> = {
  ...{ running: 'inflight', due: 'pending', waiting: 'pending', stuck: 'dead', settled: 'done' },
};

/** Refused `invalid` for a group that is none. */
export async function outboxView(
  inspection: Inspection,
  viewer: Viewer,
  query: { group?: string | undefined; after?: string | undefined },
): Promise<OutboxView> {
  const group = groups.find((known) => known === (query.group ?? 'running'));
  if (!group) throw new Refused('invalid', `"${query.group}" is no group of effects: use ${groups.join(', ')}`);
  const described = inspection.machines.all().filter(({ description }) => description.attempts);
  const isWhole = await inspection.patience(() => described.every(({ name }) => inspection.roster.soFar(name).isWhole));
  return {
    ...{ ...inspection.stamp(), ...(!isWhole && { partial: true as const }) },
    ...{ group, counts: countsOf(inspection), lines: linesOf(inspection, group, query.after) },
    attempts: attemptsOf(inspection, viewer, described),
    reasons: reasonsOf(inspection),
  };
}

function countsOf(inspection: Inspection): OutboxView['counts'] {
  const { reads } = inspection.source;
  const count = (status: EffectStatus, dueTo = FOREVER) => reads.effectCount(status, dueTo, COUNT_MAX);
  const due = count('pending', inspection.now());
  const settled = Math.min(COUNT_MAX, count('done') + count('superseded'));
  return { running: count('inflight'), due, waiting: count('pending') - due, stuck: count('dead'), settled };
}

/** Pending effects lie in order of their due time: those that are due come before those that wait. */
function linesOf(inspection: Inspection, group: OutboxGroup, after: string | undefined): OutboxView['lines'] {
  const { reads } = inspection.source;
  const now = inspection.now();
  const filter = { status: statusOf[group], ...(group === 'waiting' && { dueAfter: now }) };
  const page = reads.effects(filter, { limit: PAGE, ...(after !== undefined && { after }) });
  const rows = group === 'due' ? page.items.filter(({ dueAt }) => dueAt <= now) : page.items;
  const next = rows.length === page.items.length ? page.next : null;
  return { items: rows.map((row) => effectLine(inspection, row)), next };
}

/** Who has failed attempts, the most first, with the button that resets them beside the count. */
function attemptsOf(inspection: Inspection, viewer: Viewer, machines: readonly Machine[]): OutboxView['attempts'] {
  const found: { readonly row: Parameters<typeof lineOfRow>[1]; readonly attempts: number }[] = [];
  for (const machine of machines) {
    const entries = [...inspection.roster.soFar(machine.name).entries.values()];
    const failed = entries.filter(
      ({ attempts, states }) => attempts > 0 && !states.some((leaf) => machine.settled.has(leaf)),
    );
    for (const { ref, attempts } of failed.sort((a, b) => b.attempts - a.attempts).slice(0, ATTEMPTS_MAX)) {
      const row = inspection.source.reads.entity(ref);
      if (row) found.push({ row, attempts });
    }
  }
  const most = found.sort((a, b) => b.attempts - a.attempts).slice(0, ATTEMPTS_MAX);
  return most.map(({ row }) => {
    const machine = inspection.machines.get(row.ref.machine);
    const actions = viewer.access === 'operate' ? actionsOf(inspection, machine, row) : [];
    const line = lineOfRow(inspection, row);
    return {
      line,
      reset: actions.find(({ event }) => event === machine.description.resetEvent) ?? null,
      reason: line.note,
    };
  });
}

/** The same failure of many: of what was given up, and of what waits after a failed try. */
function reasonsOf({ source }: Inspection): OutboxView['reasons'] {
  const counts = new Map<string, { type: string; note: string; count: number }>();
  for (const { type, note } of source.reads.effects({ status: 'dead' }, { limit: REASONS_LOOKED_AT }).items) {
    if (note === null) continue;
    const key = `${type}\n${note}`;
    const known = counts.get(key) ?? { type, note: source.mask(note), count: 0 };
    counts.set(key, { ...known, count: known.count + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).slice(0, REASONS_MAX);
}
