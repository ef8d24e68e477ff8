/** Follows an open town: its board, its progress on the screen, its recoveries in words, and when it comes to rest. */
import type { EntityRef, EpochMs } from '../core/types.ts';
import type { Env } from '../env/env.ts';
import type { LogRow } from '../store/port.ts';
import type { EntityView, Town } from '../town/api.ts';
import { Board } from './board.ts';
import { Progress } from './progress.ts';
import { type Recovery, recoveriesIn } from './recovery.ts';
import type { Writer } from './shell.ts';
import type { Paint } from './text.ts';

const PAGE = 500;

export type WatchOptions = {
  readonly writer: Writer;
  readonly paint: Paint;
  readonly env: Env;
  /** Told of each recovery, beside the screen. */
  readonly onRecovery?: (recovery: Recovery) => void;
};

export type Watching = {
  readonly board: Board;
  readonly progress: Progress;
  /** Resolves when the condition holds after some commit, or at once. */
  until(condition: () => boolean): Promise<void>;
  close(): void;
};

export function watchTown(town: Town, { writer, paint, env, onRecovery }: WatchOptions): Watching {
  const board = seeded(town);
  const progress = new Progress({ writer, paint, clock: env.clock, board });
  const waiting = new Set<() => void>();
  const facts = {
    beadOf: (agent: string) => board.beadOf(agent),
    retryAt: (ref: EntityRef) => nextTimer(town, ref),
  };
  const unsubscribe = town.watch((rows: readonly LogRow[]) => {
    board.take(rows);
    for (const recovery of recoveriesIn(rows, facts)) {
      onRecovery?.(recovery);
      progress.recovery(recovery);
    }
    progress.take(rows);
    for (const look of [...waiting]) look();
  });
  return {
    board,
    progress,
    until(condition) {
      if (condition()) return Promise.resolve();
      return new Promise((resolve) => {
        const look = () => {
          if (!condition()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    },
    close() {
      unsubscribe();
      progress.pause();
    },
  };
}

function seeded(town: Town): Board {
  const board = new Board();
  for (const { id, substate } of everyView(town, 'bead')) board.putBead({ id, state: substate });
  for (const { id, substate, context } of everyView(town, 'agent')) {
    board.putAgent({ id, state: substate, bead: typeof context.bead === 'string' ? context.bead : null });
  }
  return board;
}

function* everyView(town: Town, machine: string): Generator<EntityView> {
  let after: string | undefined;
  do {
    const page = town.list(machine, { limit: PAGE, ...(after && { after }) });
    yield* page.items;
    after = page.next ?? undefined;
  } while (after);
}

function nextTimer(town: Town, entity: EntityRef): EpochMs | null {
  const due = town.timers({ entity }).items.map(({ dueAt }) => dueAt);
  return due.length === 0 ? null : Math.min(...due);
}
