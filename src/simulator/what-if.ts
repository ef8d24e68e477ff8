/**
 * What a recorded time would have been under other settings: the same beads, people and recorded outcomes, played
 * through the production town on a virtual clock.
 *
 * Invariants
 * - W1 the same settings reproduce the record: each row goes through the charts again and leads to the same state.
 * - W2 what was recorded of an attempt is played as it was; what was not is drawn, and counted as drawn.
 * - W3 the model is shown beside what it models: the record is played under its own settings too.
 */
import type { PolicyPatch } from '../../machines/policy.ts';
import { Fold } from '../incidents/fold.ts';
import { replay } from '../incidents/replay.ts';
import { attemptsIn } from './what-if/attempts.ts';
import { figuresOf, type WhatIfFigures } from './what-if/figures.ts';
import { outsideOf } from './what-if/outside.ts';
import type { RecordedRow } from './what-if/rows.ts';
import { changedSettings, type Reproduction, reproduce } from './what-if/settings.ts';

export type Drawn = { readonly bead: string; readonly attempt: number };
export type WhatIf = {
  /** Names of the settings that differ; none: the record is reproduced, and nothing is modelled. */
  readonly changed: readonly string[];
  readonly reproduction: Reproduction;
  readonly recorded: WhatIfFigures;
  /** The model of the record under its own settings; its distance from the record is the model's error. */
  readonly modelled: Modelled | null;
  readonly other: Modelled | null;
};
export type Modelled = {
  readonly figures: WhatIfFigures;
  /** Attempts that the record does not have. */
  readonly drawn: readonly Drawn[];
  /** Properties that were violated, as sentences. */
  readonly violations: readonly string[];
};

export type WhatIfOptions = {
  readonly rows: readonly RecordedRow[];
  readonly patch: PolicyPatch;
  readonly seed: number;
  /** An empty folder for the towns' keys. */
  readonly directory: string;
};

/** Throws Refused `invalid` when the settings do not go together. */
export async function whatIf({ rows, patch, seed, directory }: WhatIfOptions): Promise<WhatIf> {
  const changed = changedSettings(rows, patch);
  const shared = { changed, reproduction: reproduce(rows), recorded: figuresOf(rows) };
  if (changed.length === 0) return { ...shared, modelled: null, other: null };
  const play = (settings: PolicyPatch) => played({ rows, patch: settings, seed, directory });
  return { ...shared, modelled: await play({}), other: await play(patch) };
}

async function played({ rows, patch, seed, directory }: WhatIfOptions): Promise<Modelled> {
  const incident = outsideOf(rows, patch, seed);
  const history = await replay(incident, { variation: { kind: 'plain' }, directory, fold: new Fold() });
  const known = new Map<string, number>();
  for (const { bead } of attemptsIn(rows)) known.set(bead, (known.get(bead) ?? 0) + 1);
  const seen = new Map<string, number>();
  const drawn = history.starts.flatMap(({ bead }) => {
    const attempt = (seen.get(bead) ?? 0) + 1;
    seen.set(bead, attempt);
    return attempt > (known.get(bead) ?? 0) ? [{ bead, attempt }] : [];
  });
  return { figures: figuresOf(history.rows), drawn, violations: history.violations.map(({ problem }) => problem) };
}
