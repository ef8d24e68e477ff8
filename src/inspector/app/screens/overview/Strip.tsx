/** A machine in one strip: its top-level states with live counts, wide where many are, amber where somebody waits. */

import type { MachineSummary } from '../../../contract.ts';
import { useApp } from '../../app.ts';
import { countWithin, placesOf } from '../../counts.ts';
import { Mark } from '../../parts/Mark.tsx';
import { StateRef } from '../../parts/Ref.tsx';
import { leafName, numberText } from '../../words.ts';

export function Strip({ summary }: { summary: MachineSummary }) {
  const { live } = useApp();
  const { machine, counts, attention } = summary;
  const places = live.counts.value.get(machine)?.places ?? placesOf(counts);
  const tops = [...new Set([...places.keys()].map((state) => state.split('.')[0] ?? state))];
  return (
    <ul class="strip">
      {tops.map((top) => {
        const leaves = [...places].filter(([state]) => state === top || state.startsWith(`${top}.`));
        return (
          <li key={top} class="strip-group">
            <StateRef machine={machine} state={top}>
              <span class="strip-top">
                {top} <b>{numberText(countWithin(places, top))}</b>
              </span>
            </StateRef>
            {(leaves.length > 1 || leaves[0]?.[0] !== top) && (
              <span class="strip-leaves">
                {leaves.map(([state, { count }]) => (
                  <StateRef key={state} machine={machine} state={state}>
                    <span class={`strip-leaf${attention.includes(state) ? ' tone-warn' : ''}`}>
                      {attention.includes(state) && <Mark tone="warn" />}
                      {leafName(state)} <b>{numberText(count)}</b>
                    </span>
                  </StateRef>
                ))}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
