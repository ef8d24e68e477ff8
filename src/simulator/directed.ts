/**
 * Plays the directed towns: scripts that lead to the edges of the charts that chance seldom takes, through the engine
 * that production runs, with all that is watched in an incident.
 */
import { Fold } from '../incidents/fold.ts';
import { replay } from '../incidents/replay.ts';
import { Coverage } from './coverage.ts';
import { agentTowns } from './directed/agents.ts';
import { beadTowns } from './directed/beads.ts';
import { hostTowns } from './directed/hosts.ts';
import { rigTowns } from './directed/rigs.ts';
import { incidentOf } from './directed/script.ts';

export type DirectedRun = {
  readonly towns: number;
  readonly coverage: Coverage;
  /** What was violated: the aim of the town, and a sentence. */
  readonly problems: readonly { readonly aim: string; readonly problem: string }[];
};

const towns = [...agentTowns, ...beadTowns, ...hostTowns, ...rigTowns];

/** All directed towns, one after another. `directory`: an empty folder for their keys. */
export async function playDirected(directory: string): Promise<DirectedRun> {
  const coverage = new Coverage();
  const fold = new Fold();
  const problems: { aim: string; problem: string }[] = [];
  for (const town of towns) {
    const played = await replay(incidentOf(town), { variation: { kind: 'plain' }, directory, fold });
    for (const row of played.rows) if (row.rejected === null) coverage.take(row);
    for (const { problem } of played.violations) problems.push({ aim: town.aim, problem });
  }
  return { towns: towns.length, coverage, problems };
}
