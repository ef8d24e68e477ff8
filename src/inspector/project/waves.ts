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
  const shown = layers.slice(0, WAVES_MAX).map((layer) => {
    const lines = layer.slice(0, LINES_MAX).flatMap(({ ref }) => lineOf(inspection, ref) ?? []);
    return { lines, more: layer.length - lines.length };
  });
  return { machine: machine.name, waves: shown, done: entries.size - open.length, total: entries.size };
}

/** What waits for itself in a circle comes last, together. */
export function layersOf(open: readonly Entry[]): readonly (readonly Entry[])[] {
  const waiting = new Map(open.map((entry) => [refOf(entry), new Set<string>()]));
  const after = new Map<string, string[]>();
  for (const entry of open) {
    for (const before of entry.dependsOn) {
      if (!waiting.has(before)) continue;
      waiting.get(refOf(entry))?.add(before);
      after.set(before, [...(after.get(before) ?? []), refOf(entry)]);
    }
  }
  const byRef = new Map(open.map((entry) => [refOf(entry), entry]));
  const layers: Entry[][] = [];
  let layer = open.filter((entry) => waiting.get(refOf(entry))?.size === 0);
  while (layer.length > 0) {
    layers.push(layer);
    const next: Entry[] = [];
    for (const done of layer.map(refOf)) {
      waiting.delete(done);
      for (const ref of after.get(done) ?? []) {
        const left = waiting.get(ref);
        const entry = byRef.get(ref);
        if (left?.delete(done) && left.size === 0 && entry) next.push(entry);
      }
    }
    layer = next;
  }
  const stuck = [...waiting.keys()].flatMap((ref) => byRef.get(ref) ?? []);
  return stuck.length > 0 ? [...layers, stuck] : layers;
}
