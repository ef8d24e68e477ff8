/** The last times that an edge of a chart was taken, by whom, and what became of the effects that it asked for. */
import { Refused } from '../../core/errors.ts';
import { refText } from '../../core/types.ts';
import type { LogRow } from '../../store/port.ts';
import type { EdgeView, FiringView } from '../contract.ts';
import type { Inspection } from './inspection.ts';
import { logLine } from './log-line.ts';
import { scan } from './scan.ts';

const FIRINGS_MAX = 20;
/** Effects that one row asks for at most. */
const EFFECTS_MAX = 20;

/** Refused `not_found` for an edge that the chart has not. */
export async function edgeView(inspection: Inspection, machine: string, edge: string): Promise<EdgeView> {
  const { chart } = inspection.machines.get(machine);
  if (!chart.edges.some(({ id }) => id === edge)) {
    throw new Refused('not_found', `the chart of ${machine} has no edge "${edge}"`, { machine, edge });
  }
  const { rows, lookedBackTo } = await scan(inspection, { machine, taken: edge }, { limit: FIRINGS_MAX });
  const firings = rows.map(
    (row): FiringView => ({ row: logLine(inspection, row), effects: effectsOf(inspection, row) }),
  );
  return { ...inspection.stamp(), machine, edge, firings, lookedBackTo };
}

function effectsOf({ source }: Inspection, { entity, seq }: LogRow): FiringView['effects'] {
  const effects: FiringView['effects'][number][] = [];
  for (let index = 0; index < EFFECTS_MAX; index += 1) {
    const effect = source.reads.effect(`${refText(entity)}#${seq}#${index}`);
    if (!effect) break;
    effects.push({
      type: effect.type,
      status: effect.status,
      note: effect.note === null ? null : source.mask(effect.note),
    });
  }
  return effects;
}
