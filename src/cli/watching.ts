/** Follows an open town: its board, its progress on the screen, its recoveries in words, and when it comes to rest. */
import type { EntityRef } from '../core/types.ts';
import type { Env } from '../env/env.ts';
import type { LogRow } from '../store/port.ts';
import type { EntityView, Town } from '../town/api.ts';
import { Board } from './board.ts';
import { Progress } from './progress.ts';
import { type Recovery, recoveriesIn } from './recovery.ts';
import type { Writer } from './shell.ts';
import type { Paint } from './text.ts';
import { nextTimer, Waiting } from './waiting.ts';

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
  /** Says what the whole town waits for, when it does. From then on each change of it is told by itself. */
  tellWait(): void;
  /** Resolves when the condition holds after some commit, or at once. */
  until(condition: () => boolean): Promise<void>;
  close(): void;
};

export function watchTown(town: Town, { writer, paint, env, onRecovery }: WatchOptions): Watching {
  const board = seeded(town);
  const progress = new Progress({ writer, paint, clock: env.clock, board });
  const wait = new Waiting(town, board, env.clock);
  const tell = (sentence: string | null) => sentence !== null && progress.line(paint('yellow', sentence));
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
    tell(wait.take(rows));
    for (const look of [...waiting]) look();
  });
  return {
    board,
    progress,
    tellWait: () => void tell(wait.look()),
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
  for (const { id, substate } of everyView(town, 'rig')) board.putRig({ id, state: substate });
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
