/** A town that hosts nothing itself, with the containers x and y brought to it. */
import type { RunSpec } from '../../src/agents/port.ts';
import { Bug } from '../../src/core/errors.ts';
import type { Place } from '../../src/town/options.ts';
import { ScriptedContainer, type World, type WorldOptions, world } from './world.ts';

export type Yard = World & {
  readonly x: ScriptedContainer;
  readonly y: ScriptedContainer;
  latestOn(container: 'x' | 'y'): RunSpec;
};

export const ANY: Place = { labels: [], slots: null };

export async function yard(places: { x?: Place; y?: Place } = {}, options: WorldOptions = {}): Promise<Yard> {
  const w = await world({ local: false, beads: [], agentCount: 2, ...options });
  const [x, y] = [new ScriptedContainer('x'), new ScriptedContainer('y')];
  await host(w, x, places.x);
  await host(w, y, places.y);
  const latestOn = (name: 'x' | 'y') => {
    const spec = { x, y }[name].starts.at(-1);
    if (!spec) throw new Bug(`nothing was started on ${name}`);
    return spec;
  };
  const made = Object.create(w, Object.getOwnPropertyDescriptors({ x, y, latestOn })) as Yard;
  return made;
}

export async function host(w: World, container: ScriptedContainer, place: Place = ANY): Promise<void> {
  await w.env.until(w.town.host(container, place));
  await w.settle();
}

/** Which beads were started where, in order. */
export function placed({ x, y }: Yard): { x: string[]; y: string[] } {
  const beads = ({ starts }: ScriptedContainer) => starts.map(({ bead }) => bead);
  return { x: beads(x), y: beads(y) };
}
