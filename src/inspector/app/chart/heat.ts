/** Heat: each state's share of the hottest, in five steps. Pure. */
import type { HeatView } from '../../contract.ts';

export type HeatBy = 'dwell' | 'failures';
/** What stands on the states of a chart. */
export type HeatName = 'counts' | HeatBy;

/** 1 to 5 by state; states without any are left out. */
export function heatSteps(view: HeatView | null, by: HeatBy): ReadonlyMap<string, number> {
  const values = (view?.states ?? []).map(
    (state) => [state.state, by === 'dwell' ? state.medianMs : state.failures] as const,
  );
  const most = Math.max(0, ...values.map(([, value]) => value));
  // Times spread over orders of magnitude: their logarithms are compared, else all but one would be cold.
  const scale = (value: number) => (by === 'dwell' ? Math.log1p(value) : value);
  return new Map(
    values
      .filter(([, value]) => value > 0)
      .map(([state, value]) => [state, Math.max(1, Math.ceil((scale(value) / scale(most)) * 5))]),
  );
}
