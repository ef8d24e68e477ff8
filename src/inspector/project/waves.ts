/** Layers of what is not done yet: the first waits for nothing, each other one for something in the layer before it. */
import type { OverviewView } from '../contract.ts';
import type { Inspection } from './inspection.ts';
import { lineOf } from './line.ts';
import type { Machine } from './machine.ts';
import { type Entry, refOf } from './roster.ts';

const LINES_MAX = 30;
const FEW = 1_000;
const WAVES_MAX = 12;

type Waves = OverviewView['waves'][number];

/** Null while the entities are being read; few are waited for. */
export async function wavesOf(inspection: Inspection, machine: Machine): Promise<Waves | null> {
  const { source, roster } = inspection;
  const total = source.reads.census(machine.name).reduce((sum, { count }) => sum + count, 0);
  const entries = total <= FEW ? await roster.of(machine.name) : roster.peek(machine.name);
  if (!entries) return null;
  const isOver = ({ states }: Entry) => states.every((state) => machine.settled.has(state));
  const open = [...entries.values()].filter((entry) => !isOver(entry));
  const layers = layersOf(open);
  const shown: Waves['waves'][number][] = [];
  for (const layer of layers.slice(0, WAVES_MAX)) {
    await inspection.pause();
    const lines = layer.slice(0, LINES_MAX).flatMap(({ ref }) => lineOf(inspection, ref) ?? []);
    shown.push({ lines, more: layer.length - lines.length });
  }
  return { machine: machine.name, waves: shown, done: entries.size - open.length, total: entries.size };
}

/** One that is not over: how many it waits for, and which wait for it. */
type Open = { readonly entry: Entry; readonly next: Open[]; waitsFor: number };

/** What waits for itself in a circle comes last, together. */
export function layersOf(open: readonly Entry[]): readonly (readonly Entry[])[] {
  const waiting = new Map(open.map((entry): [string, Open] => [refOf(entry), { entry, next: [], waitsFor: 0 }]));
  for (const one of waiting.values()) {
    for (const before of new Set(one.entry.dependsOn)) {
      const other = waiting.get(before);
      if (!other) continue;
      one.waitsFor += 1;
      other.next.push(one);
    }
  }
  const layers: Entry[][] = [];
  let layer = [...waiting.values()].filter(({ waitsFor }) => waitsFor === 0);
  while (layer.length > 0) {
    layers.push(layer.map(({ entry }) => entry));
    layer = layer.flatMap(({ next }) =>
      next.filter((one) => {
        one.waitsFor -= 1;
        return one.waitsFor === 0;
      }),
    );
  }
  const stuck = [...waiting.values()].filter(({ waitsFor }) => waitsFor > 0).map(({ entry }) => entry);
  return stuck.length > 0 ? [...layers, stuck] : layers;
}
