/**
 * The words of a picture and how much room they take: layout reserves the room, drawing fills it. Without a DOM the
 * width of a text is its number of characters times the width of one, so events stand in a monospace face.
 */
import type { ChartEdge, ChartNode } from '../../core/chart.ts';
import type { Family } from './family.ts';

/** How a line of text looks. */
export type TextKind = 'event' | 'delay' | 'guard' | 'action' | 'note';
export type TextLine = { readonly text: string; readonly kind: TextKind };

/** All lengths of the pictures, in px at 100 %. */
export const metrics = {
  character: 6.62,
  nameCharacter: 7.4,
  rowCharacter: 6.7,
  lineHeight: 14,
  nameHeight: 30,
  rowHeight: 20,
  labelPadding: 5,
  boxPadding: 11,
  /** Room for the count of a state. */
  pill: 42,
  dot: 8,
  corner: 7,
} as const;

const EVENTS_MAX = 3;
const NOTE_CHARACTERS_MAX = 34;
const ACTIONS_CHARACTERS_MAX = 26;

/** The label of one line of the picture, which may stand for many edges. `brief`: the events alone. */
export function lineTexts(edges: readonly ChartEdge[], brief: boolean): readonly TextLine[] {
  const [first] = edges;
  if (first === undefined) return [];
  const all = edges.map((edge) => eventText(edge, brief));
  const texts = brief ? withoutOutcomes(all) : all;
  const events = [...new Map(texts.map((text) => [text.text, text])).values()];
  if (events.length > 1 || brief) return shortened(events);
  const guards = new Set(edges.map(({ guard }) => guard));
  const actions = new Set(edges.map((edge) => listed(edge.actions, ACTIONS_CHARACTERS_MAX)));
  return [
    ...events,
    ...(guards.size === 1 && first.guard !== undefined ? [{ text: `if ${first.guard}`, kind: 'guard' as const }] : []),
    ...(actions.size === 1
      ? [...actions].filter(Boolean).map((text) => ({ text: `/ ${text}`, kind: 'action' as const }))
      : []),
  ];
}

/** The first ones, the last of which says how many are left out. */
function shortened(events: readonly TextLine[]): readonly TextLine[] {
  const rest = events.length - EVENTS_MAX;
  if (rest <= 0) return events;
  return events
    .slice(0, EVENTS_MAX)
    .map((event, index) => (index < EVENTS_MAX - 1 ? event : { ...event, text: `${event.text} +${rest}` }));
}

/** All three outcomes of an effect become one: `merge.*`. */
function withoutOutcomes(texts: readonly TextLine[]): readonly TextLine[] {
  const known = new Set(texts.map(({ text }) => text));
  return texts.map((line) => {
    const [, effect] = /^(.+)\.(?:succeeded|refused|unanswered)$/.exec(line.text) ?? [];
    const all = effect !== undefined && outcomes.every((outcome) => known.has(`${effect}.${outcome}`));
    return all ? { ...line, text: `${effect}.*` } : line;
  });
}

const outcomes = ['succeeded', 'refused', 'unanswered'];

function eventText({ event, delay }: ChartEdge, brief: boolean): TextLine {
  const text = brief ? event.replace(/^effect\./, '') : event;
  return { text, kind: delay === undefined ? 'event' : 'delay' };
}

/** All that an edge says, in one line: for tool tips and for those who can not see. */
export function edgeSentence(edge: ChartEdge): string {
  const guard = edge.guard === undefined ? '' : ` if ${edge.guard}`;
  const actions = edge.actions.length === 0 ? '' : ` / ${edge.actions.join(', ')}`;
  return `${edge.source} → ${edge.targets.join(', ') || 'stays'}: ${edge.event}${guard}${actions}`;
}

/** What stands under the name of a state that is drawn with its inside: entry, exit, and what happens within. */
export function boxTexts(family: Family, node: ChartNode, inside: readonly string[]): readonly TextLine[] {
  const events = [...new Set(inside.map((id) => family.edge(id)?.event ?? id))];
  const texts = [
    ...node.invokes.map(({ src }) => `invoke ${src}`),
    ...(node.entry.length === 0 ? [] : [`entry / ${listed(node.entry, NOTE_CHARACTERS_MAX - 8)}`]),
    ...(node.exit.length === 0 ? [] : [`exit / ${listed(node.exit, NOTE_CHARACTERS_MAX - 7)}`]),
    ...(events.length === 0 ? [] : [`↻ ${listed(events, NOTE_CHARACTERS_MAX - 2)}`]),
  ];
  return texts.map((text) => ({ text, kind: 'note' }));
}

/** As many names as fit; at least one, and how many are left out. */
function listed(names: readonly string[], charactersMax: number): string {
  for (let count = names.length; count > 1; count -= 1) {
    const rest = names.length - count;
    const text = `${names.slice(0, count).join(', ')}${rest > 0 ? ` +${rest}` : ''}`;
    if (text.length <= charactersMax) return text;
  }
  return names.length > 1 ? `${names[0]} +${names.length - 1}` : (names[0] ?? '');
}

/** The width of the longest line. */
export function textWidth(texts: readonly TextLine[]): number {
  return Math.ceil(Math.max(0, ...texts.map(({ text }) => text.length)) * metrics.character);
}
