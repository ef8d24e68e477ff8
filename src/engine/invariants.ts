/** Checks that run inside the transaction, after the whole cascade and before the commit. */
import { Bug } from '../core/errors.ts';
import type { Reads } from '../store/port.ts';
import type { Touched, Turn } from './turn.ts';

/** A sentence when what was changed must not be as it is now; null when all is well. */
export type Check = (touched: readonly Touched[], reads: Reads) => string | null;

/** Throws Bug with the check's sentence: the work is rolled back. */
export function checkInvariants(turn: Turn, check: Check | undefined): void {
  if (!check || !turn.hasTouched) return;
  const violation = check(turn.touched(), turn.tx);
  if (violation !== null) throw new Bug(`an invariant would be broken, nothing was changed: ${violation}`);
}
