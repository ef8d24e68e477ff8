/** Layouts: everything of a chart has a place, nothing lies on anything else, and the first look fits a screen. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { townMachines } from '../../../machines/index.ts';
import { defaultPolicy } from '../../../machines/policy.ts';
import { type Chart, chart, rootId } from '../../../src/core/chart.ts';
import type { Layout, LayoutBox } from '../../../src/inspector/contract.ts';
import { Family } from '../../../src/inspector/draw/family.ts';
import { collapsible, defaultCollapsed, toggled } from '../../../src/inspector/draw/level.ts';
import { layoutChart } from '../../../src/inspector/layout/layout.ts';
import { charts, parcel } from '../draw/samples.ts';

const machines = townMachines(defaultPolicy);

type Rectangle = { x: number; y: number; width: number; height: number };

function contains(outer: Rectangle, inner: Rectangle): boolean {
  const slack = 0.5;
  return (
    inner.x >= outer.x - slack &&
    inner.y >= outer.y - slack &&
    inner.x + inner.width <= outer.x + outer.width + slack &&
    inner.y + inner.height <= outer.y + outer.height + slack
  );
}

function overlap(one: Rectangle, other: Rectangle): boolean {
  const across = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const down = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return across > 1 && down > 1;
}

async function laidOut(of: Chart, direction: Layout['direction'], collapsed?: readonly string[]): Promise<Layout> {
  const layout = await layoutChart(of, { direction, ...(collapsed ? { collapsed } : {}) });
  if (layout === null) throw new Error(`${of.machine} has no layout`);
  return layout;
}

/** What is wrong with a layout, in words. */
function faults(of: Chart, layout: Layout): string[] {
  const family = new Family(of);
  const boxes = new Map(layout.boxes.map((box) => [box.state, box]));
  const picture = { x: 0, y: 0, width: layout.width, height: layout.height };
  const isOpen = (box: LayoutBox) => !box.collapsed && family.isCompound(box.state);
  const closed = layout.boxes.filter((box) => !isOpen(box));
  const drawn = new Map<string, number>();
  for (const { edges } of layout.lines) for (const id of edges) drawn.set(id, (drawn.get(id) ?? 0) + 1);
  for (const { inside } of layout.boxes) for (const id of inside) drawn.set(id, (drawn.get(id) ?? 0) + 1);
  return [
    ...layout.boxes.flatMap((box) => {
      const parent = family.node(box.state)?.parent;
      const outer = parent === null || parent === undefined ? picture : (boxes.get(parent) ?? picture);
      return contains(outer, box) ? [] : [`${box.state} is not inside ${parent}`];
    }),
    ...layout.boxes.flatMap((box) =>
      box.rows.filter((row) => !contains(box, row)).map((row) => `${row.state} sticks out`),
    ),
    ...closed.flatMap((one, index) =>
      closed.slice(index + 1).flatMap((other) => (overlap(one, other) ? [`${one.state} lies on ${other.state}`] : [])),
    ),
    ...layout.lines.flatMap(({ label, edges, points }) => [
      ...(points.length < 2 ? [`${edges.join()} has no way`] : []),
      ...(label === null
        ? []
        : closed.filter((box) => overlap(label, box)).map((box) => `${edges[0]} on ${box.state}`)),
    ]),
    ...of.edges.filter(({ id }) => drawn.get(id) !== 1).map(({ id }) => `${id} is drawn ${drawn.get(id) ?? 0} times`),
  ];
}

describe('layouts', () => {
  it.each(Object.entries(machines))('shows the %s at a glance on a small screen', async (_, definition) => {
    const drawn = chart(definition);
    const layout = await laidOut(drawn, 'down');
    expect(faults(drawn, layout)).toEqual([]);
    expect(layout.width).toBeLessThanOrEqual(1050);
    expect(layout.height).toBeLessThanOrEqual(730);
    const leaves = new Family(drawn).leavesOf(rootId).map(({ id }) => id);
    const shown = layout.boxes.flatMap(({ state, rows }) => [state, ...rows.map((row) => row.state)]);
    expect(shown).toEqual(expect.arrayContaining(leaves));
  });

  it('opens a big chart level by level, and every level has a place for everything', async () => {
    const agent = chart(machines.agent);
    const first = defaultCollapsed(agent);
    const second = toggled(agent, first, 'working');
    expect(second).toContain('working.running');
    expect(second).not.toContain('working');
    expect(faults(agent, await laidOut(agent, 'down', second))).toEqual([]);
    expect(toggled(agent, second, 'working')).toEqual(first);
  });

  it('lays the whole of a chart out, and gives the same each time', async () => {
    const copy = structuredClone(parcel);
    const layout = await laidOut(parcel, 'right', []);
    expect(faults(parcel, layout)).toEqual([]);
    expect(await laidOut({ ...copy, machine: 'parcel' }, 'right', [])).toEqual(layout);
    expect(layout.boxes.map(({ state }) => state)).toEqual(parcel.nodes.map(({ id }) => id));
  });

  it('answers at once with nothing when nobody waits any more', async () => {
    const signal = AbortSignal.abort();
    expect(await layoutChart(structuredClone(parcel), { direction: 'down', signal })).toBeNull();
  });

  it('finds a place for everything in any chart', async () => {
    await fc.assert(
      fc.asyncProperty(charts, fc.constantFrom('down', 'right'), fc.nat(), async (random, direction, choice) => {
        const all = collapsible(random);
        const collapsed = all.filter((_, index) => (choice >> index) % 2 === 1);
        expect(faults(random, await laidOut(random, direction, collapsed))).toEqual([]);
      }),
      { numRuns: 8, seed: 7 },
    );
  });
});
