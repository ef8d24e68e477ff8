/** What needs a person: the cause in words, and the one or two things to press. */
import type { NeedsYou } from '../../../contract.ts';
import { ActionButton } from '../../parts/ActionButton.tsx';
import { Mark, StateText } from '../../parts/Mark.tsx';
import { Ref } from '../../parts/Ref.tsx';
import { Age } from '../../parts/Time.tsx';
import { countText } from '../../words.ts';

export function NeedsYouList({ items, total }: { items: readonly NeedsYou[]; total: number }) {
  return (
    <section class="needs-you" aria-label="Needs you">
      <ul>
        {items.map((item) => (
          <Item key={item.line.ref} item={item} />
        ))}
      </ul>
      {total > items.length && <p class="muted">and {countText(total - items.length, 'other', 'others')}</p>}
    </section>
  );
}

function Item({ item: { line, why, actions } }: { item: NeedsYou }) {
  const { ref, id, title, state, since, tone } = line;
  return (
    <li class="needs-item" data-row={ref} tabIndex={-1}>
      <Mark tone={tone === 'danger' ? 'danger' : 'warn'} />
      <div class="needs-words">
        <div class="needs-head">
          <Ref reference={ref}>
            <code>{id}</code>
          </Ref>
          {title !== id && !isSame(title, why) && <span class="needs-title">{title}</span>}
          <StateText state={state} />
          <span class="muted">
            for <Age at={since} />
          </span>
        </div>
        <p class="needs-why">{why}</p>
      </div>
      <div class="actions">
        {actions.map((action) => (
          <ActionButton key={action.event} to={ref} action={action} />
        ))}
      </div>
    </li>
  );
}

/** What a title says already is not said again below it. */
const isSame = (title: string, why: string) => why.toLowerCase().replace(/\.$/, '') === title.toLowerCase();
