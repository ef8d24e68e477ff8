/** How many entities stand in a state: a pill that the pages keep current. */
import { type Figure, figure } from './figure.ts';

const DIGIT = 6.8;
const HEIGHT = 16;

/** The inside of a `tokens` group, drawn leftwards from its origin; nothing for a count of zero. */
export function pill(count: number): readonly Figure[] {
  if (count === 0) return [];
  const text = shortCount(count);
  const width = Math.max(20, Math.ceil(text.length * DIGIT) + 12);
  return [
    figure('rect', { class: 'token-pill', x: -width, y: -HEIGHT / 2, width, height: HEIGHT, rx: HEIGHT / 2 }),
    figure('text', { class: 'token-count', x: -width / 2, y: 4 }, text),
  ];
}

/** A count in at most four characters: 999, 12k, 3M. */
export function shortCount(count: number): string {
  if (count < 1_000) return String(count);
  if (count < 10_000) return `${Math.floor(count / 100) / 10}k`;
  if (count < 1_000_000) return `${Math.floor(count / 1_000)}k`;
  return `${Math.floor(count / 1_000_000)}M`;
}

/**
 * The place of a state's count. `data-tokens` names the state, so that a page finds the group; a collapsed or compound
 * state's count is the sum of what is inside.
 */
export function tokens(state: string, count: number, at: { x: number; y: number }): Figure {
  return figure(
    'g',
    { class: 'tokens', 'data-tokens': state, 'data-count': count, transform: `translate(${at.x} ${at.y})` },
    ...pill(count),
  );
}
