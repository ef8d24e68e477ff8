/**
 * What Ctrl-C does to a run: once, nothing more is started and what runs ends; twice, what runs is stopped; three
 * times, the process ends at once and what runs goes on.
 */
import { BREAKER } from '../../machines/wiring.ts';
import { coerceError, Refused } from '../core/errors.ts';
import type { EngineEvent, EntityRef } from '../core/types.ts';
import type { Town } from '../town/api.ts';
import { exits } from './exits.ts';
import type { Shell } from './shell.ts';
import { plural } from './text.ts';
import type { Watching } from './watching.ts';

/** The reason by which the next run knows a pause of ours from a person's. */
const REASON = 'yardmaster run was interrupted';
const breaker = { machine: 'breaker', id: BREAKER };

export type Interruption = {
  /** Resolves when it was interrupted and what ran has come to an end. */
  readonly over: Promise<void>;
  isAsked(): boolean;
  close(): void;
};

export function watchInterrupts(shell: Shell, town: Town, { board, progress, until }: Watching): Interruption {
  let presses = 0;
  let unsubscribe: () => void = () => undefined;
  const isQuiet = () => board.tally().running + board.tally().merging === 0;
  const over = new Promise<void>((resolve) => {
    const first = async () => {
      await tell(town, breaker, { type: 'PAUSE', reason: REASON });
      const { running, merging } = board.tally();
      const rest =
        running + merging === 0
          ? ''
          : ` ${plural(running, 'run')} and ${plural(merging, 'merge')} come to their end first.`;
      progress.line(`Stopping: nothing more is started.${rest} Ctrl-C again stops them.`);
      await until(isQuiet);
      resolve();
    };
    const second = async () => {
      progress.line('Stopping the runs; what they committed is kept. Ctrl-C again leaves at once.');
      const stops = board
        .working()
        .map(({ agent }) => tell(town, { machine: 'agent', id: agent }, { type: 'STOP', reason: REASON }));
      await Promise.all(stops);
    };
    unsubscribe = shell.onSignal(['SIGINT', 'SIGTERM'], () => {
      presses += 1;
      if (presses === 1) void first();
      else if (presses === 2) void second();
      else shell.exit(exits.interrupted);
    });
  });
  return { over, isAsked: () => presses > 0, close: () => unsubscribe() };
}

/** Takes back the pause that an interrupted run left. */
export async function resumeOwnPause(town: Town): Promise<void> {
  const { state, reason } = town.status().breaker;
  if (state.startsWith('paused') && reason === REASON)
    await tell(town, breaker, { type: 'RESUME', reason: 'run again' });
}

/** What is refused has happened already. */
async function tell(town: Town, ref: EntityRef, event: EngineEvent): Promise<void> {
  try {
    await town.send(ref, event);
  } catch (thrown) {
    if (!(coerceError(thrown) instanceof Refused)) throw thrown;
  }
}
