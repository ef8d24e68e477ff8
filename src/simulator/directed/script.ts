/**
 * A directed town: a short script that takes a town to edges of its charts that chance seldom finds. It is written as
 * an incident is (docs/INCIDENTS.md) and played in the same way, through the engine that production runs.
 */

import { Bug } from '../../core/errors.ts';
import { type PlayedIncident, schemaOf } from '../../incidents/format.ts';

export type Directed = {
  /** What it aims at, in a few words: its name in every message. */
  readonly aim: string;
  readonly policy?: Readonly<Record<string, unknown>>;
  readonly agents?: readonly (string | Readonly<Record<string, string>>)[];
  /** One rig `r`; true when absent: its work is merged. */
  readonly merges?: boolean;
  readonly beads?: readonly Readonly<Record<string, unknown>>[];
  readonly script: readonly Readonly<Record<string, unknown>>[];
  readonly until: string;
};

/** The script as an incident. Throws Bug when it is none. */
export function incidentOf(directed: Directed): PlayedIncident {
  const { aim, policy = {}, agents = ['p1'], merges = true, beads = [{ id: 'b1' }], script, until } = directed;
  const value = {
    ...{ id: 'directed', title: aim, story: aim, policy, agents, beads, script, until },
    rigs: [{ id: 'r', merge: merges }],
    // What it is for is seen in the coverage; what has to hold is watched in every incident.
    expect: [{ count: 'rows', atLeast: 1 }],
  };
  const parsed = schemaOf(value).safeParse(JSON.parse(JSON.stringify(value)));
  if (!parsed.success) throw new Bug(`the directed town "${aim}" is no incident: ${parsed.error.message}`);
  return parsed.data as PlayedIncident;
}

/** A person's command, or what an agent says through the API. */
export const send = (at: string, to: string, event: string, fields: object = {}) => ({
  at,
  send: { to, event, ...fields },
});
