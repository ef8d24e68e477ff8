/** Which way round a chart is drawn: the way that is larger in the room there is. Pure. */
import type { Layout, MachineView } from '../../contract.ts';
import { fitted, type Size } from './view-box.ts';

/** Where the room is not known: as much as a usual window leaves. */
export const usualRoom: Size = { width: 1000, height: 700 };

export function better(layouts: MachineView['layouts'], room: Size = usualRoom): Layout | null {
  const { down, right } = layouts;
  if (down === null || right === null) return down ?? right;
  // Both fit: the one that reads downwards, like the text that it was written as.
  return fitted(right, room).scale > fitted(down, room).scale * 1.05 ? right : down;
}
