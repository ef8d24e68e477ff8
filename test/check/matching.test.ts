/** The check proposes what matching proposes: both are asked in every state of a search. */
import { expect, test } from 'vitest';
import { defaultPolicy } from '../../machines/policy.ts';
import type { Local } from '../../src/check/locals.ts';
import { mutantScenes } from '../../src/check/mutants.ts';
import { realMachines } from '../../src/check/scene.ts';
import { proposalsIn, type Search, search } from '../../src/check/search.ts';
import type { Reads } from '../../src/store/port.ts';
import { type Proposal, propose } from '../../src/town/matching.ts';
import type { Parties } from '../../src/town/parties.ts';

/** What matching sees of a state: entities by machine, and their places. */
function proposed(locals: readonly Local[], labels: readonly string[]): Proposal {
  const of = (machine: string) => locals.filter((local) => local.machine === machine);
  const reads = {
    census: (machine: string) => of(machine).map(({ state }) => ({ state, count: 1 })),
    queue: ({ machine, state, limit }: { machine: string; state: string; limit: number }) =>
      of(machine)
        .filter((local) => local.state === state)
        .map(({ id }) => ({ machine, id }))
        .slice(0, limit),
    entities: ({ machine }: { machine: string }) => ({
      items: of(machine).map(({ id }) => ({ ref: { machine, id } })),
      next: null,
    }),
  } as unknown as Reads;
  const find = (machine: string, id: string) => {
    const local = of(machine).find((one) => one.id === id);
    const context = machine === 'rig' ? { ...local?.context, config: { labels } } : local?.context;
    return local ? { ref: { machine, id }, state: local.state, since: 0, context } : null;
  };
  return propose({ reads, parties: { find } as unknown as Parties, policy: defaultPolicy });
}

/** Both as sets: which beads could go to whom, and whether a container is wanted. */
function compare({ scene, states, locals, composition }: Search, state: number): [string[], string[]] {
  const row = states.row(state);
  const all = [...row].map((id) => locals.get(id));
  const { matches, wanted } = proposed(all, scene.needs);
  const real = matches.map(({ agent, bead, container, probe }) => `${bead} ${agent} ${container} ${probe}`);
  const ours = [...proposalsIn({ scene, composition, locals }, row)].map((key) => {
    const [column, ...rest] = key.split(' ');
    return column === 'DEMAND' ? key : [composition.roles[Number(column)]?.ref.id, ...rest].join(' ');
  });
  return [[...real, ...wanted.map((id) => `DEMAND ${id}`)].sort(), ours.sort()];
}

test.each(['gate', 'pair', 'labels', 'slots', 'away'] as const)(
  'in the scene %s',
  (name) => {
    const scene = mutantScenes[name];
    const found = search({ policy: defaultPolicy, machines: realMachines, scene, isOver: () => false });
    for (let state = 0; state < found.states.size; state += 1) {
      const [real, ours] = compare(found, state);
      // Matching picks one of several free agents; the check lets it be any of them.
      expect(ours).toEqual(expect.arrayContaining(real));
      expect(ours.length > 0).toBe(real.length > 0);
    }
  },
  240_000,
);
