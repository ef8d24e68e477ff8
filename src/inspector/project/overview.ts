/** The first page: whether anything is stuck, where, why, and what to press. */
import type { EntityLine, OverviewView } from '../contract.ts';
import type { Inspection, Viewer } from './inspection.ts';
import { lineOfRow } from './line.ts';
import type { Machine } from './machine.ts';
import { sparksOf } from './metrics.ts';
import { breakersOf, needsYou, OVERDUE_MS } from './needs-you.ts';
import { summaryOf } from './summary.ts';
import { wavesOf } from './waves.ts';

const LINES_MAX = 100;
const STUCK_MAX = 10_000;
const TIMES_MAX = 2;

export async function overview(inspection: Inspection, viewer: Viewer, after?: string): Promise<OverviewView> {
  const { source, machines } = inspection;
  const all = machines.all();
  const { waves, waiting } = await steadily(inspection, async () => {
    const ordered: OverviewView['waves'][number][] = [];
    for (const machine of all.filter(({ form }) => form === 'waves')) {
      const found = await wavesOf(inspection, machine);
      if (found) ordered.push(found);
    }
    return { waves: ordered, waiting: await needsYou(inspection, after) };
  });
  return {
    ...inspection.stamp(),
    ...{ name: source.name, word: source.word, access: viewer.access, sentence: sentenceOf(inspection, waiting.total) },
    chips: chipsOf(inspection),
    needsYou: viewer.access === 'operate' ? waiting : withoutActions(waiting),
    machines: all.map((machine) => summaryOf(inspection, machine)),
    grids: all.filter(({ form }) => form === 'grid' || form === 'list').map((machine) => gridOf(inspection, machine)),
    waves,
    sparks: sparksOf(inspection),
    timersOverdue: source.reads.timerCount(0, inspection.now() - OVERDUE_MS),
    effectsStuck: source.reads.effectCount('dead', Number.MAX_SAFE_INTEGER, STUCK_MAX),
  };
}

/** Reads again what was read in slices when something happened meanwhile, once. */
async function steadily<T>(inspection: Inspection, read: () => Promise<T>): Promise<T> {
  for (let time = 1; ; time += 1) {
    const seq = inspection.seq();
    const value = await read();
    if (time === TIMES_MAX || inspection.seq() === seq) return value;
  }
}

function withoutActions(waiting: OverviewView['needsYou']): OverviewView['needsYou'] {
  return { ...waiting, items: waiting.items.map((item) => ({ ...item, actions: [] })) };
}

function sentenceOf({ source }: Inspection, waiting: number): string {
  if (waiting === 1) return '1 thing needs you';
  if (waiting > 1) return `${waiting} things need you`;
  if (source.reads.lastSeq() === 0) return `Nothing has happened yet in this ${source.word}`;
  return 'All moving';
}

function chipsOf(inspection: Inspection): OverviewView['chips'] {
  const now = inspection.now();
  return breakersOf(inspection).flatMap(({ row, facts }) => {
    if (facts.closed) return [];
    const { label } = inspection.machines.get(row.ref.machine);
    const recent = facts.failures.filter(({ at }) => at > now - facts.windowMs).length;
    const text = facts.reason ?? `${recent} of ${facts.max} failures`;
    return [{ text: `${label} ${row.state}: ${text}`, tone: 'warn' as const, ref: `${row.ref.machine}/${row.ref.id}` }];
  });
}

/** In the order of the chart's states: those that ask for a person come first. */
function gridOf(inspection: Inspection, machine: Machine): OverviewView['grids'][number] {
  const { reads } = inspection.source;
  const counts = new Map(reads.census(machine.name).map(({ state, count }) => [state, count]));
  const asking = machine.shown.filter((leaf) => machine.attention.has(leaf));
  const order = [...asking, ...machine.shown.filter((leaf) => !machine.attention.has(leaf))];
  const lines = new Map<string, EntityLine>();
  for (const state of order) {
    const left = LINES_MAX - lines.size;
    if (left <= 0 || !counts.has(state)) continue;
    for (const row of reads.entities({ machine: machine.name, state }, { limit: left }).items) {
      const line = lineOfRow(inspection, row);
      lines.set(line.ref, line);
    }
  }
  const total = order.reduce((sum, state) => sum + (counts.get(state) ?? 0), 0);
  return { machine: machine.name, lines: [...lines.values()], more: Math.max(0, total - lines.size) };
}
