/** The geometry of lines: rounded corners, arrowheads, and the way that a travelling dot takes. */
import type { LayoutLine } from '../contract.ts';
import { metrics } from './texts.ts';

type Point = { readonly x: number; readonly y: number };

const HEAD_LENGTH = 7;
const HEAD_HALF_WIDTH = 3.2;

/** The `d` of a line, for its stroke and for `offset-path` or `animateMotion` of a dot that travels along it. */
export function pathOf({ points }: Pick<LayoutLine, 'points'>): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const parts = [`M${first.x} ${first.y}`];
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    const before = points[index] as Point;
    parts.push(next === undefined ? `L${point.x} ${point.y}` : corner(before, point, next));
  });
  return parts.join('');
}

/** A bend as a quarter of a circle, as large as the shorter of its sides lets it be. */
function corner(before: Point, at: Point, next: Point): string {
  const radius = Math.min(metrics.corner, distance(before, at) / 2, distance(at, next) / 2);
  const [from, to] = [towards(at, before, radius), towards(at, next, radius)];
  return `L${from.x} ${from.y}Q${at.x} ${at.y} ${to.x} ${to.y}`;
}

/** The arrowhead at the end of a line, as the `d` of a filled triangle. */
export function headOf({ points }: Pick<LayoutLine, 'points'>): string {
  const tip = points.at(-1);
  const before = points.at(-2);
  if (tip === undefined || before === undefined) return '';
  const base = towards(tip, before, HEAD_LENGTH);
  const length = distance(tip, before) || 1;
  const side = {
    x: ((tip.y - before.y) / length) * HEAD_HALF_WIDTH,
    y: ((before.x - tip.x) / length) * HEAD_HALF_WIDTH,
  };
  const corners = [tip, { x: base.x + side.x, y: base.y + side.y }, { x: base.x - side.x, y: base.y - side.y }];
  return `M${corners.map(({ x, y }) => `${rounded(x)} ${rounded(y)}`).join('L')}Z`;
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

/** The point this far from `from` on the way to `to`. */
function towards(from: Point, to: Point, length: number): Point {
  const whole = distance(from, to);
  if (whole === 0) return from;
  const share = length / whole;
  return { x: rounded(from.x + (to.x - from.x) * share), y: rounded(from.y + (to.y - from.y) * share) };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
