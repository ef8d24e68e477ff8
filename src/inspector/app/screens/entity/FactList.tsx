/** What is known of an entity, one line each: ages tick, nouns are links, a counter has its reset beside it. */
import type { ActionView, Fact } from '../../../contract.ts';
import { ActionButton } from '../../parts/ActionButton.tsx';
import { Ref } from '../../parts/Ref.tsx';
import { Age, Until } from '../../parts/Time.tsx';

export type FactListProps = {
  readonly facts: readonly Fact[];
  /** The entity, and what it accepts now: a counter's reset is offered only where it is legal. */
  readonly reference: string;
  readonly actions: readonly ActionView[];
};

export function FactList({ facts, reference, actions }: FactListProps) {
  if (facts.length === 0) return null;
  return (
    <dl class="facts">
      {facts.map((fact) => (
        <div key={fact.label}>
          <dt>{fact.label}</dt>
          <dd>
            <Value {...{ fact, reference, actions }} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

type ValueProps = { readonly fact: Fact; readonly reference: string; readonly actions: readonly ActionView[] };

function Value({ fact, reference, actions }: ValueProps) {
  switch (fact.kind) {
    case 'text':
      return <span class={fact.tone && `tone-${fact.tone}`}>{fact.value}</span>;
    case 'code':
      return <code class={fact.tone && `tone-${fact.tone}`}>{fact.value}</code>;
    case 'age':
      return (
        <>
          <Age at={fact.at} tone={fact.tone} /> <span class="muted">ago</span>
        </>
      );
    case 'until':
      return <Until at={fact.at} tone={fact.tone} />;
    case 'ref':
      return <Ref reference={fact.ref}>{fact.title}</Ref>;
    case 'counter':
      return <Counter {...{ fact, reference, actions }} />;
  }
}

type CounterProps = ValueProps & { readonly fact: Extract<Fact, { kind: 'counter' }> };

function Counter({ fact: { value, max, reset }, reference, actions }: CounterProps) {
  const action = actions.find(({ event }) => event === reset);
  return (
    <span class="attempts-count">
      <span class={`code${value >= max ? ' tone-danger' : value * 2 >= max ? ' tone-warn' : ''}`}>
        {value} of {max}
      </span>
      {action && (
        <ActionButton to={reference} action={action}>
          Reset
        </ActionButton>
      )}
    </span>
  );
}
