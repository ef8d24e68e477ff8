/** Creating beads: all of a batch or none, checked before anything is written. */
import type { BeadInput as BirthInput } from '../../machines/vocabulary.ts';
import { Refused } from '../core/errors.ts';
import type { JsonValue, Receipt } from '../core/types.ts';
import type { Batch } from '../engine/engine.ts';
import type { Env } from '../env/env.ts';
import type { Reads } from '../store/port.ts';
import type { BeadInput, Principal } from './api.ts';
import { findCycle } from './workfile/cycle.ts';

const DEPENDENCIES_MAX = 1_000;
const DEFAULT_PRIORITY = 2;

export type NewBead = BeadInput & { readonly id: string; readonly rig: string };

/** Gives ids to those without one and the rig to those that name none. */
export function nameBeads(env: Env, beads: readonly BeadInput[], rigs: readonly string[]): readonly NewBead[] {
  return beads.map((bead) => {
    const rig = bead.rig ?? (rigs.length === 1 ? rigs[0] : undefined);
    if (rig === undefined) {
      const choice = rigs.length === 0 ? 'there is no rig yet: add one first' : `name one of ${rigs.join(', ')}`;
      throw new Refused('invalid', `bead "${bead.title}" names no rig: ${choice}`);
    }
    return { ...bead, id: bead.id ?? `bd-${env.hex(8)}`, rig };
  });
}

/** Refused with the first problem: a twin, an unknown rig or dependency, a cycle. */
export function checkBeads(reads: Reads, beads: readonly NewBead[], rigs: readonly string[]): void {
  const ids = new Set<string>();
  for (const { id, rig, dependsOn = [] } of beads) {
    if (ids.has(id)) throw new Refused('invalid', `bead ${id} is there twice`, { bead: id });
    if (reads.entity({ machine: 'bead', id }))
      throw new Refused('already_exists', `bead ${id} exists already`, { bead: id });
    if (!rigs.includes(rig)) {
      throw new Refused('invalid', `bead ${id}: there is no rig ${rig}; there are ${rigs.join(', ')}`, {
        bead: id,
        rig,
      });
    }
    if (dependsOn.length > DEPENDENCIES_MAX) {
      throw new Refused(
        'invalid',
        `bead ${id} depends on ${dependsOn.length} beads; at most ${DEPENDENCIES_MAX} can be`,
      );
    }
    ids.add(id);
  }
  for (const { id, dependsOn = [] } of beads) {
    for (const on of dependsOn) {
      if (ids.has(on) || reads.entity({ machine: 'bead', id: on })) continue;
      throw new Refused('invalid', `bead ${id} depends on ${on}, which is not there`, { bead: id, dependency: on });
    }
  }
  const cycle = findCycle(new Map(beads.map(({ id, dependsOn = [] }) => [id, dependsOn])));
  if (cycle)
    throw new Refused('invalid', `the beads depend on each other in a circle: ${cycle.join(' → ')}`, { cycle });
}

/** The births, dependencies first, so that every link finds its end. */
export function birthBeads(batch: Batch, beads: readonly NewBead[], by: Principal): readonly Receipt[] {
  const receipts = new Map<string, Receipt>();
  for (const bead of inOrder(beads)) {
    const input = birthInput(batch.tx, bead) as unknown as JsonValue;
    receipts.set(bead.id, batch.birth({ to: { machine: 'bead', id: bead.id }, input, by }));
  }
  return beads.flatMap(({ id }) => receipts.get(id) ?? []);
}

/** Depth first, without recursion; there is no cycle any more. */
function inOrder(beads: readonly NewBead[]): readonly NewBead[] {
  const byId = new Map(beads.map((bead) => [bead.id, bead]));
  const done = new Set<string>();
  const ordered: NewBead[] = [];
  for (const first of beads) {
    const stack = [first];
    for (let bead = stack.at(-1); bead; bead = stack.at(-1)) {
      const next = (bead.dependsOn ?? []).find((id) => byId.has(id) && !done.has(id));
      const dependency = next === undefined ? undefined : byId.get(next);
      if (dependency) {
        stack.push(dependency);
        continue;
      }
      stack.pop();
      if (!done.has(bead.id)) ordered.push(bead);
      done.add(bead.id);
    }
  }
  return ordered;
}

function birthInput(reads: Reads, bead: NewBead): BirthInput {
  const dependsOn = [...new Set(bead.dependsOn ?? [])];
  const states = dependsOn.map((id) => ({ id, state: reads.entity({ machine: 'bead', id })?.state ?? '' }));
  const isFailed = (state: string) => state.startsWith('failed.') && state !== 'failed.exhausted';
  const rig = reads.entity({ machine: 'rig', id: bead.rig });
  const { context } = JSON.parse(rig?.snapshot ?? '{"context":{}}') as { context: { config?: { merge?: boolean } } };
  return {
    id: bead.id,
    rig: bead.rig,
    title: bead.title,
    body: bead.body ?? '',
    priority: bead.priority ?? DEFAULT_PRIORITY,
    labels: [...(bead.labels ?? [])],
    dependsOn,
    waitingFor: states.filter(({ state }) => !state.startsWith('closed.')).map(({ id }) => id),
    failedDependencies: states.filter(({ state }) => isFailed(state)).map(({ id }) => id),
    limits: bead.policy ?? {},
    held: bead.held ?? false,
    merges: context.config?.merge ?? true,
  };
}
