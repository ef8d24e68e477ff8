/** How long entities stay in each state, and where they fail: measured over the last rows of the machine's log. */
import type { EpochMs } from '../../core/types.ts';
import { refText } from '../../core/types.ts';
import type { LogRow } from '../../store/port.ts';
import type { HeatView } from '../contract.ts';
import type { Inspection } from './inspection.ts';
import { scan } from './scan.ts';
import { tellsOfFailure } from './texts.ts';

const ROWS_MAX = 3_000;
const SLICE = 500;
/** A measurement is used again this long: it changes slowly. */
const FRESH_MS = 5_000;

type Place = { visits: number; failures: number; readonly stays: number[] };
const kept = new WeakMap<Inspection, Map<string, { readonly at: EpochMs; readonly view: HeatView }>>();

export async function heat(inspection: Inspection, name: string): Promise<HeatView> {
  inspection.machines.get(name);
  const known = keptOf(inspection).get(name);
  if (known && inspection.now() - known.at < FRESH_MS) return { ...known.view, ...inspection.stamp() };
  const rows = await lastRows(inspection, name);
  const states = measure(rows.reverse());
  const view = {
    ...{ ...inspection.stamp(), machine: name, rows: rows.length },
    states: [...states].map(([state, place]) => ({ state, ...figures(place) })),
  };
  keptOf(inspection).set(name, { at: inspection.now(), view });
  return view;
}

function keptOf(inspection: Inspection) {
  const known = kept.get(inspection) ?? new Map<string, { readonly at: EpochMs; readonly view: HeatView }>();
  kept.set(inspection, known);
  return known;
}

/** The newest first. */
async function lastRows(inspection: Inspection, machine: string): Promise<LogRow[]> {
  const rows: LogRow[] = [];
  let before: number | undefined;
  while (rows.length < ROWS_MAX) {
    const { rows: found, lookedBackTo } = await scan(inspection, { machine }, { before, limit: SLICE });
    rows.push(...found);
    before = lookedBackTo;
    if (found.length < SLICE) return rows;
    await inspection.pause();
  }
  return rows;
}

function measure(rows: readonly LogRow[]): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const entered = new Map<string, EpochMs>();
  const placeOf = (state: string) => {
    const place = places.get(state) ?? { visits: 0, failures: 0, stays: [] };
    places.set(state, place);
    return place;
  };
  for (const { entity, before, after, at, rejected, event } of rows) {
    const left = before === '' ? [] : before.split(' ');
    const now = after === '' ? [] : after.split(' ');
    if (rejected !== null || tellsOfFailure(event.type)) for (const state of left) placeOf(state).failures += 1;
    for (const state of left.filter((leaf) => !now.includes(leaf))) {
      const since = entered.get(`${refText(entity)} ${state}`);
      if (since !== undefined) placeOf(state).stays.push(at - since);
    }
    for (const state of now.filter((leaf) => !left.includes(leaf))) {
      placeOf(state).visits += 1;
      entered.set(`${refText(entity)} ${state}`, at);
    }
  }
  return places;
}

function figures({ visits, failures, stays }: Place) {
  const sorted = stays.sort((a, b) => a - b);
  return { visits, failures, medianMs: quantile(sorted, 0.5), p90Ms: quantile(sorted, 0.9) };
}

/** 0 without values. `sorted` is ascending. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
