/** A machine's page: its chart, how it is drawn, how many stand where, and which versions are still stood on. */

import type { Layout, MachineView } from '../contract.ts';
import { layoutChart } from '../layout/layout.ts';
import type { Inspection } from './inspection.ts';
import type { Machine } from './machine.ts';
import { summaryOf } from './summary.ts';

/** A layout is the engine's own work at most once; what is not there in time is asked for by its own path. */
const PATIENCE_MS = 50;

export async function machineView(inspection: Inspection, name: string): Promise<MachineView> {
  const machine = inspection.machines.get(name);
  const [down, right, isWhole] = await Promise.all([
    soonLaidOut(inspection, machine, 'down'),
    soonLaidOut(inspection, machine, 'right'),
    inspection.patience(() => inspection.roster.soFar(name).isWhole),
  ]);
  return {
    ...{ ...inspection.stamp(), ...(!isWhole && { partial: true as const }) },
    ...{ summary: summaryOf(inspection, machine), chart: machine.chart, layouts: { down, right } },
    versions: versionsOf(inspection, machine),
  };
}

/** Null: it can not be laid out here. */
export function laidOut(
  { chart }: Machine,
  wish: { direction: 'down' | 'right'; collapsed?: readonly string[] },
): Promise<Layout | null> {
  return layoutChart(chart, wish);
}

function soonLaidOut({ source }: Inspection, machine: Machine, direction: 'down' | 'right'): Promise<Layout | null> {
  const { clock } = source.env;
  return new Promise((resolve) => {
    const alarm = clock.at(clock.now() + PATIENCE_MS, () => resolve(null), { background: true });
    const settle = (layout: Layout | null) => {
      alarm.cancel();
      resolve(layout);
    };
    laidOut(machine, { direction }).then(settle, () => settle(null));
  });
}

function versionsOf({ source, roster }: Inspection, { name, definition }: Machine): MachineView['versions'] {
  const counts = new Map<number, number>();
  for (const entry of roster.soFar(name).entries.values()) {
    counts.set(entry.definition, (counts.get(entry.definition) ?? 0) + 1);
  }
  const known = [...counts]
    .sort(([a], [b]) => b - a)
    .flatMap(([row, entities]) => {
      const hash = source.reads.definition(row)?.hash;
      return hash === undefined ? [] : [{ hash, entities, current: hash === definition.hash }];
    });
  if (known.some(({ current }) => current)) return known;
  return [{ hash: definition.hash, entities: 0, current: true }, ...known];
}
