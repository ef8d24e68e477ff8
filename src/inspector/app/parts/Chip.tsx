/** A word in a pill that opens an entity: a breaker that is not closed, a link to what blocks. */
import type { Chip as ChipView } from '../../contract.ts';
import { Mark } from './Mark.tsx';
import { Ref } from './Ref.tsx';

export function Chip({ chip }: { chip: ChipView }) {
  return (
    <span class={`chip tone-${chip.tone}`}>
      <Ref reference={chip.ref}>
        <Mark tone={chip.tone} /> {chip.text}
      </Ref>
    </span>
  );
}
