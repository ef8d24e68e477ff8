/** A machine's chart so small that only its shape and its counts are seen. */
import { MachineChart } from '../../chart/MachineChart.tsx';
import type { ScreenProps } from '../../screens.ts';

/** What a card leaves, in px: the way round is chosen by it. */
const ROOM = { width: 280, height: 170 };

export function Thumbnail({ reference: machine }: ScreenProps) {
  return <MachineChart machine={machine} hasCounts prefix={`small-${machine}-`} room={ROOM} />;
}
