/** Towns to measure: many beads, agents that do nothing, and a container that accepts every start. */
import type { RigConfig } from '../../machines/vocabulary.ts';
import type { Container, RunSpec } from '../../src/agents/port.ts';
import type { Town } from '../../src/town/api.ts';
import { createTown } from '../../src/town/town.ts';

export const RIG = 'r';
export const LABELS = 10;

const config: RigConfig = {
  ...{ path: '/nowhere', branch: 'main', argv: ['agent'], promptBy: 'stdin', test: [], merge: true },
  ...{ env: {}, secrets: {} },
};
const PIECE = 1_000;
/** As long as the text of a bead is that a person writes. */
const body = 'Make the parser accept trailing commas, and add a test that fails without the change. '.repeat(4);

/** Runs nothing and remembers nothing. `onStart` hears of each start. */
export function scriptedContainer(onStart: (run: RunSpec) => void = () => undefined): Container {
  const incarnation = 'one';
  return {
    id: 'local',
    start: async (run) => {
      onStart(run);
      return { kind: 'accepted', incarnation, branch: `attempt/${run.bead}/${run.epoch}` };
    },
    stop: async () => 'gone',
    probe: async () => 'running',
    list: async () => [],
    health: async () => ({ incarnation }),
    provision: async () => ({ incarnation }),
    finish: async () => null,
    readOutput: async () => null,
    onReport: () => undefined,
    close: async () => undefined,
  };
}

/** A town in which nothing is dispatched until its rig hears RESUME. */
export async function openPaused(directory: string, agents: number): Promise<Town> {
  const town = await createTown({
    directory,
    rigs: { [RIG]: config },
    agents: Array.from({ length: agents }, (_, index) => ({ id: `polecat-${index}`, rig: RIG })),
    container: scriptedContainer(),
  });
  await town.send({ machine: 'rig', id: RIG }, { type: 'PAUSE' });
  return town;
}

/** Beads `b0` … that wait. */
export async function addBeads(town: Town, count: number): Promise<void> {
  for (let from = 0; from < count; from += PIECE) {
    const length = Math.min(PIECE, count - from);
    await town.createBeads(Array.from({ length }, (_, index) => newBead(from + index)));
  }
}

function newBead(number: number) {
  return {
    id: `b${number}`,
    title: `Trailing commas in list ${number}`,
    body,
    priority: number % 5,
    labels: [`label-${number % LABELS}`],
  };
}
