/**
 * Makes elements of a drawn chart; what lives (counts, what is active, what was taken) is laid over by state and
 * line.
 */
import { useComputed } from '@preact/signals';
import { Fragment, h, type VNode } from 'preact';
import type { Figure } from '../../draw/figure.ts';
import { pill } from '../../draw/tokens.ts';
import type { ChartLife } from './chart-life.ts';

type FigureProps = { figure: Figure; life: ChartLife };

/** The element of a figure. States, lines and counts are components of their own, so that only they are drawn again. */
export function FigureView({ figure, life }: FigureProps): VNode {
  const { attributes } = figure;
  if (attributes['data-tokens'] !== undefined) return <TokensGroup figure={figure} life={life} />;
  if (attributes['data-state'] !== undefined) return <StateGroup figure={figure} life={life} />;
  if (attributes['data-line'] !== undefined) return <LineGroup figure={figure} life={life} />;
  return h(figure.tag, attributes, childrenOf(figure, life));
}

export function childrenOf(figure: Figure, life: ChartLife): (VNode | string)[] {
  return figure.children.map((child, index) =>
    typeof child === 'string' ? child : <FigureView key={index} figure={child} life={life} />,
  );
}

function TokensGroup({ figure, life }: FigureProps) {
  const state = String(figure.attributes['data-tokens']);
  const count = useComputed(() => life.countOf(state)).value;
  return h(
    'g',
    { ...figure.attributes, 'data-count': count },
    pill(count).map((part, index) => <FigureView key={index} figure={part} life={life} />),
  );
}

function StateGroup({ figure, life }: FigureProps) {
  const state = String(figure.attributes['data-state']);
  const classes = useComputed(() => {
    const heat = life.heat.value.get(state);
    const isActive = life.active.value.some((leaf) => leaf === state || leaf.startsWith(`${state}.`));
    const marks = [isActive && 'active', life.focused.value === state && 'focused', heat && `heat-${heat}`];
    return marks.filter(Boolean).join(' ');
  }).value;
  const label = useComputed(() => life.labelOf(state, writtenIn(figure))).value;
  const isPressable = figure.attributes.role === 'button';
  const attributes = {
    ...figure.attributes,
    class: `${figure.attributes.class ?? ''} ${classes}`,
    ...(isPressable ? { 'aria-label': label, tabindex: life.stop.value === state ? 0 : -1 } : {}),
  };
  const own = { ...figure, children: figure.children.filter((child) => !isState(child)) };
  // The rows of a closed state are buttons themselves, and no button may be inside another: they come after it.
  const rows = { ...figure, children: figure.children.filter(isState) };
  return h(Fragment, null, button(own, attributes, life), childrenOf(rows, life));
}

/** What is written in a state or on a line, without what only hovers. */
function writtenIn({ children }: Figure): string {
  const texts = children.filter((child) => typeof child !== 'string' && child.tag === 'text') as Figure[];
  return texts.flatMap((text) => text.children).join(' ');
}

/**
 * A group that can be pressed. The text that hovers stands around it, as it is not part of its name; blanks keep what
 * is written apart, for who reads it out.
 */
function button(figure: Figure, attributes: Figure['attributes'], life: ChartLife): VNode {
  const isTitle = (child: Figure | string) => typeof child !== 'string' && child.tag === 'title';
  const titles = figure.children.filter(isTitle);
  const rest = figure.children.filter((child) => !isTitle(child)).flatMap((child) => [child, ' ']);
  const group = h(figure.tag, attributes, childrenOf({ ...figure, children: rest }, life));
  return titles.length === 0 ? group : h('g', null, childrenOf({ ...figure, children: titles }, life), group);
}

const isState = (child: Figure | string) => typeof child !== 'string' && child.attributes['data-state'] !== undefined;

function LineGroup({ figure, life }: FigureProps) {
  const index = Number(figure.attributes['data-line']);
  const isTaken = useComputed(() => life.takenLines.value.has(index)).value;
  const attributes = {
    ...figure.attributes,
    class: `${figure.attributes.class ?? ''}${isTaken ? ' taken' : ''}`,
    'aria-label': `${writtenIn(figure)}, ${figure.attributes['aria-label'] ?? ''}`,
  };
  return button(figure, attributes, life);
}
