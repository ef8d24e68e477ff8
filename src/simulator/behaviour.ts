/** What an agent's process will do, decided at its birth: how long it works, what goes wrong, and how it ends. */
import type { World } from './world.ts';

const MINUTE = 60_000;

export type Ending =
  | { readonly kind: 'exit'; readonly code: number; readonly commits: number }
  | { readonly kind: 'done'; readonly commits: number }
  | { readonly kind: 'failed'; readonly class: 'transient' | 'work' | 'permanent' | 'needs_input' };

export type Behaviour = {
  /** From its first heartbeat to its end. */
  readonly worksMs: number;
  readonly ending: Ending;
  /** When it falls silent, and when it speaks again; null: never. */
  readonly wedgesAtMs: number | null;
  readonly thawsAtMs: number | null;
  /** True: it lives and shows no progress until somebody stops it. */
  readonly stalls: boolean;
  /** When it takes its container with it. */
  readonly poisonsAtMs: number | null;
  readonly costUsd: number;
  /** Before its first heartbeat. */
  readonly wakesAfterMs: number;
  /** True: its agent sends heartbeats through the API, which name no container. */
  readonly beatsItself: boolean;
};

/** `key` names the run by its bead and the ordinal of its dispatch, so that a replay finds the same run. */
export function behaviourOf({ dice, faults }: World, key: string): Behaviour {
  const long = dice.between(1 * MINUTE, 14 * MINUTE, ['run.works', key]);
  const loops = faults.strikes('run.loop', key);
  const wedges = faults.strikes('run.wedge', key);
  const stalls = faults.strikes('run.stall', key);
  const worksMs = loops ? 1_000 : stalls ? dice.between(10, 360, ['stalls', key]) * MINUTE : long;
  const wedgesAtMs = wedges ? Math.round(worksMs * dice.u('run.wedgesAt', key)) : null;
  const thaws = wedges && faults.strikes('run.thaw', key, 2);
  return {
    worksMs,
    ending: loops ? { kind: 'exit', code: 1, commits: 0 } : endingOf({ dice, faults }, key),
    wedgesAtMs,
    thawsAtMs: thaws && wedgesAtMs !== null ? wedgesAtMs + dice.between(MINUTE, 20 * MINUTE, ['thaw', key]) : null,
    stalls,
    poisonsAtMs: faults.strikes('run.poison', key) ? Math.round(worksMs * dice.u('run.poisonsAt', key)) : null,
    wakesAfterMs: faults.strikes('run.sleepy', key) ? dice.between(1_000, 240_000, ['sleeps', key]) : 0,
    beatsItself: dice.u('run.beats', key) < 0.15,
    costUsd: faults.strikes('run.costly', key) ? 6 : Math.round(dice.u('run.cost', key) * 100) / 100,
  };
}

function endingOf({ dice, faults }: Pick<World, 'dice' | 'faults'>, key: string): Ending {
  if (faults.strikes('run.crash', key)) return { kind: 'exit', code: 1, commits: dice.between(0, 1, ['commits', key]) };
  if (faults.strikes('run.nothing', key)) return { kind: 'exit', code: 0, commits: 0 };
  if (faults.strikes('run.claims', key)) return { kind: 'done', commits: 0 };
  if (faults.strikes('run.impossible', key)) return { kind: 'failed', class: 'permanent' };
  if (faults.strikes('run.input', key)) return { kind: 'failed', class: 'needs_input' };
  if (faults.strikes('run.work', key))
    return { kind: 'failed', class: dice.pick(['work', 'transient'], ['class', key]) };
  const commits = dice.between(1, 4, ['commits', key]);
  return dice.u('run.says', key) < 0.5 ? { kind: 'done', commits } : { kind: 'exit', code: 0, commits };
}
