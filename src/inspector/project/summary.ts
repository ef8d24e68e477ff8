/** A machine at a glance: how many of it are in which state. */
import type { MachineSummary, StateCount } from '../contract.ts';
import type { Inspection } from './inspection.ts';
import type { Machine } from './machine.ts';

export function countsOf({ source }: Inspection, machine: string): readonly StateCount[] {
  return source.reads.census(machine).map(({ state, count, oldestSince }) => ({ state, count, oldestSince }));
}

export function summaryOf(inspection: Inspection, machine: Machine): MachineSummary {
  const counts = countsOf(inspection, machine.name);
  const parallel = machine.chart.nodes.some(({ kind }) => kind === 'parallel');
  const { name, label, plural, form } = machine;
  const standing = counts.reduce((sum, { count }) => sum + count, 0);
  return {
    ...{ machine: name, label, plural, form, counts, attention: [...machine.attention] },
    // In a parallel machine an entity stands in several leaf states at a time.
    total: parallel ? (inspection.roster.peek(name)?.size ?? standing) : standing,
  };
}
