/**
 * Shows that something happened: a short dot along the line that was taken, or a glow where many are or nobody wants
 * motion.
 */
import type { Layout, LogLine } from '../../contract.ts';
import { stateElementId } from '../../draw/draw.ts';
import { lineElementId } from '../../draw/lines.ts';

const TRAVEL_MS = 420;
const GLOW_MS = 700;
/** Commits of one frame's batch beyond which dots would only be a swarm. */
const DOTS_MAX = 8;

type Stage = { readonly svg: SVGSVGElement; readonly layout: Layout; readonly prefix: string };

/** Rows of one machine that were committed since the last frame. */
export function flash(stage: Stage, rows: readonly LogLine[]): void {
  const isCalm = rows.length > DOTS_MAX || matchMedia('(prefers-reduced-motion: reduce)').matches;
  for (const edge of new Set(rows.flatMap(({ taken }) => taken))) {
    const line = stage.layout.lines.find(({ edges }) => edges.includes(edge));
    if (line !== undefined) flashLine(stage, lineElementId(line, stage.prefix), isCalm);
    const box = stage.layout.boxes.find(({ inside }) => inside.includes(edge));
    if (box !== undefined)
      glow(stage.svg.querySelector(`[id="${CSS.escape(stateElementId(box.state, stage.prefix))}"]`));
  }
}

function flashLine({ svg }: Stage, id: string, isCalm: boolean): void {
  const group = svg.querySelector(`[id="${CSS.escape(id)}"]`);
  if (group === null) return;
  glow(group);
  const path = group.querySelector<SVGPathElement>('.edge-line');
  if (!isCalm && path !== null) travel(svg, path);
}

const glowing = new WeakMap<Element, ReturnType<typeof setTimeout>>();

function glow(element: Element | null): void {
  if (element === null) return;
  clearTimeout(glowing.get(element));
  element.setAttribute('data-flash', '');
  glowing.set(
    element,
    setTimeout(() => element.removeAttribute('data-flash'), GLOW_MS),
  );
}

function travel(svg: SVGSVGElement, path: SVGPathElement): void {
  const dot = document.createElementNS('http://www.w3.org/2000/svg', 'circle');
  dot.setAttribute('class', 'travelling');
  dot.setAttribute('r', '4.5');
  svg.append(dot);
  const length = path.getTotalLength();
  let began: number | null = null;
  const step = (now: number) => {
    began ??= now;
    const share = Math.min(1, (now - began) / TRAVEL_MS);
    // Slow at both ends, as things that have weight move.
    const { x, y } = path.getPointAtLength(length * (share * share * (3 - 2 * share)));
    dot.setAttribute('cx', String(x));
    dot.setAttribute('cy', String(y));
    if (share < 1) requestAnimationFrame(step);
    else dot.remove();
  };
  requestAnimationFrame(step);
}
