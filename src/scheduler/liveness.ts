/** Silence that was the clock's fault, not the other side's: deadlines that watch for life are granted anew. */
import type { Turn } from '../engine/turn.ts';
import type { Jump } from '../env/engine-time.ts';

/** The entity in whose name the engine writes to the log about its own clock. */
const clockRef = { machine: 'engine', id: 'clock' };

/** Grants all such timers their whole delay from now, and notes the jump in the log. */
export function regrant(turn: Turn, { fromMs, toMs }: Jump): void {
  const timers = turn.tx.regrant(turn.at);
  turn.note({
    at: turn.at,
    entity: clockRef,
    event: { type: 'clock.jumped', fromMs, toMs, timers },
    by: 'engine',
    cause: null,
    before: '',
    after: '',
    taken: [],
    definition: 0,
    rejected: `a clock jump of ${toMs - fromMs} ms is no silence: ${timers} deadlines start anew`,
  });
}
