/**
 * The layouts of a chart: those that came with the machine, or fetched where they are not made yet or others are
 * wanted.
 */
import { useRef } from 'preact/hooks';
import type { MachineView } from '../../contract.ts';
import { nothing } from '../answers.ts';
import { useAnswer } from '../app.ts';
import { paths } from '../paths.ts';

type Layouts = MachineView['layouts'];

/** `layouts` keeps the picture that was there until the wanted one came. */
export type LaidOut = { readonly layouts: Layouts; readonly isPending: boolean };

/** `collapsed` of null: as the machine is first shown. */
export function useLayouts(view: MachineView, collapsed: readonly string[] | null): LaidOut {
  const { machine } = view.summary;
  const { layouts } = view;
  const isGiven = collapsed === null && (layouts.down !== null || layouts.right !== null);
  const pathOf = (direction: 'down' | 'right') => (isGiven ? null : paths.layout(machine, { direction, collapsed }));
  const down = useAnswer(pathOf('down'), nothing);
  const right = useAnswer(pathOf('right'), nothing);
  const last = useRef(layouts);
  const isDone = (answer: typeof down) => answer.isThere.value || answer.problem.value !== null;
  const isPending = !isGiven && !(isDone(down) && isDone(right));
  if (isGiven) last.current = layouts;
  else if (!isPending) last.current = { down: down.value.value, right: right.value.value };
  return { layouts: last.current, isPending };
}
