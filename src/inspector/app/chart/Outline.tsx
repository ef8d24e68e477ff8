/**
 * A chart as a tree of text: for screen readers, for phones, and for when there is no layout. The same data, all of
 * it.
 */
import type { ReadonlySignal } from '@preact/signals';
import { useSignal } from '@preact/signals';
import { type Chart, type ChartNode, rootId } from '../../../core/chart.ts';
import { useApp } from '../app.ts';
import { countWithin, oldestWithin, type Places } from '../counts.ts';
import { Age } from '../parts/Time.tsx';
import { leafName, numberText } from '../words.ts';

type OutlineProps = {
  readonly chart: Chart;
  readonly places: ReadonlySignal<Places>;
  readonly active?: readonly string[];
};

export function Outline({ chart, places, active = [] }: OutlineProps) {
  const focused = useSignal<string | null>(null);
  const closed = useSignal<ReadonlySet<string>>(new Set());
  const toggle = (state: string, isOpen: boolean) => {
    const next = new Set(closed.value);
    if (isOpen) next.delete(state);
    else next.add(state);
    closed.value = next;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[role=treeitem]') : null;
    if (row === null || event.target !== row) return;
    const state = row.dataset.state ?? '';
    const isOpen = row.getAttribute('aria-expanded') === 'true';
    if (event.key === 'ArrowDown') step(event, row, 1);
    else if (event.key === 'ArrowUp') step(event, row, -1);
    else if (event.key === 'ArrowRight' && row.hasAttribute('aria-expanded')) toggle(state, true);
    else if (event.key === 'ArrowLeft' && isOpen) toggle(state, false);
    else if (event.key === 'Enter') row.querySelector<HTMLElement>('button')?.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const first = chart.nodes.find(({ id }) => id !== rootId)?.id ?? null;
  const branch = { chart, places, active, stop: focused.value ?? first, closed: closed.value };
  return (
    <ul
      class="outline"
      role="tree"
      aria-label={`States of ${chart.machine}`}
      onKeyDown={onKeyDown}
      onFocusIn={(event) => {
        const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[role=treeitem]') : null;
        focused.value = row?.dataset.state ?? null;
      }}
    >
      <Branch {...branch} parent={rootId} />
    </ul>
  );
}

function step(event: KeyboardEvent, row: HTMLElement, by: number): void {
  const tree = event.currentTarget;
  if (!(tree instanceof HTMLElement)) return;
  const rows = [...tree.querySelectorAll<HTMLElement>('[role=treeitem]')];
  rows[rows.indexOf(row) + by]?.focus();
}

type BranchProps = Required<OutlineProps> & { parent: string; stop: string | null; closed: ReadonlySet<string> };

function Branch({ parent, ...rest }: BranchProps) {
  return (
    <>
      {rest.chart.nodes
        .filter((node) => node.parent === parent)
        .map((node) => (
          <Item key={node.id} node={node} {...rest} />
        ))}
    </>
  );
}

type ItemProps = Omit<BranchProps, 'parent'> & { node: ChartNode };

function Item({ node, ...rest }: ItemProps) {
  const { chart, places, active, stop, closed } = rest;
  const hasChildren = chart.nodes.some(({ parent }) => parent === node.id);
  const isOpen = !closed.has(node.id);
  const isActive = active.some((leaf) => leaf === node.id || leaf.startsWith(`${node.id}.`));
  return (
    <li
      role="treeitem"
      data-state={node.id}
      tabIndex={stop === node.id ? 0 : -1}
      aria-expanded={hasChildren ? isOpen : undefined}
      aria-selected={isActive}
      class={isActive ? 'active' : undefined}
    >
      <StateLine chart={chart} node={node} places={places} />
      <Leaving chart={chart} state={node.id} />
      {hasChildren && isOpen && (
        <ul role="group">
          <Branch {...rest} parent={node.id} />
        </ul>
      )}
    </li>
  );
}

function StateLine({ chart, node, places }: { chart: Chart; node: ChartNode; places: ReadonlySignal<Places> }) {
  const { route } = useApp();
  const count = countWithin(places.value, node.id);
  const oldest = oldestWithin(places.value, node.id);
  const isAttention = node.tags.includes('attention');
  return (
    <div class="outline-state">
      <button
        type="button"
        class={`outline-name${isAttention ? ' tone-warn' : ''}`}
        tabIndex={-1}
        onClick={() => route.showDrawer({ kind: 'here', machine: chart.machine, state: node.id })}
      >
        {leafName(node.id)}
      </button>
      {node.kind !== 'atomic' && node.kind !== 'compound' && <span class="muted">{node.kind}</span>}
      {count > 0 && <span class={`count${isAttention ? ' bad' : ''}`}>{numberText(count)}</span>}
      {oldest !== null && (
        <span class="muted">
          oldest <Age at={oldest} />
        </span>
      )}
      {node.description && <span class="muted outline-about">{node.description}</span>}
    </div>
  );
}

/** Where a state can go: one line for each target. */
function Leaving({ chart, state }: { chart: Chart; state: string }) {
  const { route } = useApp();
  const edges = chart.edges.filter(({ source }) => source === state);
  const targets = new Map<string, typeof edges>();
  for (const edge of edges) {
    const target = edge.target ?? '';
    targets.set(target, [...(targets.get(target) ?? []), edge]);
  }
  return (
    <>
      {[...targets].map(([target, to]) => (
        <div key={target} class="outline-edge">
          {to.map((edge) => (
            <button
              key={edge.id}
              type="button"
              tabIndex={-1}
              class={edge.delay === undefined ? 'outline-event' : 'outline-event tone-time'}
              title={[edge.guard && `if ${edge.guard}`, ...edge.actions.map((name) => `/ ${name}`)]
                .filter(Boolean)
                .join(' ')}
              onClick={() => route.showDrawer({ kind: 'edge', machine: chart.machine, edge: edge.id })}
            >
              {edge.event}
            </button>
          ))}
          <span class="muted">→ {target === '' ? 'stays' : target}</span>
        </div>
      ))}
    </>
  );
}
