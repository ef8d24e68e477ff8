/** The context as a tree, with what the step changed, or what changed between the two moments that are compared. */
import { useMemo } from 'preact/hooks';
import type { JsonObject } from '../../../../core/types.ts';
import { countText, timeText } from '../../words.ts';
import { eventText } from '../cells.tsx';
import { JsonTree } from './JsonTree.tsx';
import { type Change, changesBetween, indexChanges, pathText } from './json-diff.ts';
import type { Seen } from './seen.ts';
import { useMoment } from './useTimeline.ts';

export function ContextTab({ seen: { page, row, rows, then, before, travel } }: { readonly seen: Seen }) {
  const context = row === null ? page.context : (then.moment?.context ?? null);
  const earlier = useMoment(page.line.ref, before?.seq ?? null);
  const known = earlier.moment !== null && earlier.moment.at === before?.seq ? earlier.moment.context : null;
  const changes = useMemo(() => (context && known ? changesBetween(known, context) : null), [context, known]);
  const index = useMemo(() => (changes ? indexChanges(changes) : undefined), [changes]);
  if (context === null) {
    return <p class="quiet">{then.problem ? then.problem.detail : 'The context of that moment is on its way.'}</p>;
  }
  const step = row ?? rows.at(-1);
  const since =
    travel.compare === null
      ? `the step ${step ? `${eventText(step.event)} ` : ''}changed`
      : `changed since ${before ? timeText(before.at) : 'then'}`;
  return (
    <div class="context-tab">
      {changes && <Summary changes={changes} since={since} />}
      {earlier.problem && <p class="quiet">What the step changed can not be said: {earlier.problem.detail}</p>}
      <JsonTree value={context as JsonObject} label="Context" {...(index && { changes: index })} />
    </div>
  );
}

const SAID = 6;

function Summary({ changes, since }: { readonly changes: readonly Change[]; readonly since: string }) {
  if (changes.length === 0)
    return <p class="context-summary">Nothing in the context is different: {since} only the state.</p>;
  return (
    <p class="context-summary">
      {countText(changes.length, 'value')} {since}:{' '}
      {changes.slice(0, SAID).map((change, at) => (
        <span key={pathText(change.path)}>
          {at > 0 && ', '}
          <code>{pathText(change.path)}</code>
        </span>
      ))}
      {changes.length > SAID && ` and ${changes.length - SAID} more`}
    </p>
  );
}
