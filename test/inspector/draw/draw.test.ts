/** Drawings: golden SVG of a chart with one of everything, geometry, keys, and what a strict policy allows. */
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { townMachines } from '../../../machines/index.ts';
import { defaultPolicy } from '../../../machines/policy.ts';
import { chart } from '../../../src/core/chart.ts';
import type { Layout } from '../../../src/inspector/contract.ts';
import { chartCss } from '../../../src/inspector/draw/css.ts';
import { drawChart } from '../../../src/inspector/draw/draw.ts';
import { type Figure, figure, figureText } from '../../../src/inspector/draw/figure.ts';
import { defaultCollapsed, toggled } from '../../../src/inspector/draw/level.ts';
import { neighboursOf } from '../../../src/inspector/draw/neighbours.ts';
import { pathOf } from '../../../src/inspector/draw/path.ts';
import { chartFile } from '../../../src/inspector/draw/standalone.ts';
import { pill, shortCount } from '../../../src/inspector/draw/tokens.ts';
import { layoutChart } from '../../../src/inspector/layout/layout.ts';
import { parcel } from './samples.ts';

const machines = townMachines(defaultPolicy);

async function layoutOf(collapsed: readonly string[], direction: Layout['direction'] = 'down'): Promise<Layout> {
  return (await layoutChart(parcel, { direction, collapsed })) as Layout;
}

function all(drawn: Figure): Figure[] {
  return [drawn, ...drawn.children.flatMap((child) => (typeof child === 'string' ? [] : all(child)))];
}

function golden(name: string, text: string): void {
  const file = new URL(`golden/${name}`, import.meta.url);
  if (process.env.UPDATE) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

describe('drawings', () => {
  it.each(['down', 'right'] as const)('of one of everything, going %s, are as they were', async (direction) => {
    const counts = { 'packing.open': 3, 'travelling.papers.missing': 12_345 };
    const layout = await layoutOf([], direction);
    golden(`parcel-${direction}.svg`, chartFile(parcel, layout, { theme: 'light', counts }));
  });

  it('close a state to rows, with the sum of what is inside', async () => {
    const layout = await layoutOf(['packing']);
    const drawn = drawChart(parcel, layout, { counts: { 'packing.open': 3, 'packing.taped': 4 }, prefix: 'big-' });
    golden('parcel-closed.svg', `${figureText(drawn)}\n`);
    const counts = all(drawn).filter(({ attributes }) => attributes.class === 'tokens');
    const shown = Object.fromEntries(
      counts.map(({ attributes }) => [attributes['data-tokens'], attributes['data-count']]),
    );
    expect(shown).toMatchObject({ packing: 7, 'packing.open': 3, 'packing.taped': 4, lost: 0 });
  });

  it('have unique ids, no styles and no scripts, and name every state and line for those who can not see', async () => {
    for (const definition of [machines.bead, machines.breaker]) {
      const drawn = chart(definition);
      const layout = (await layoutChart(drawn, { direction: 'down' })) as Layout;
      const figures = all(drawChart(drawn, layout));
      const ids = figures.map(({ attributes }) => attributes.id).filter((id) => id !== undefined);
      expect(new Set(ids).size).toBe(ids.length);
      expect(figures.filter(({ attributes, tag }) => 'style' in attributes || tag === 'script')).toEqual([]);
      const buttons = figures.filter(({ attributes }) => attributes.role === 'button');
      expect(buttons.length).toBeGreaterThan(0);
      expect(buttons.filter(({ attributes }) => !attributes['aria-label'] || attributes.tabindex !== -1)).toEqual([]);
      expect(gzipSync(figureText(drawChart(drawn, layout))).length).toBeLessThan(10_240);
    }
  });

  it('escape what people write', () => {
    const drawn = figure('text', { title: 'a "b" & <c>' }, '<script>&');
    expect(figureText(drawn)).toBe('<text title="a &quot;b&quot; &amp; &lt;c&gt;">&lt;script&gt;&amp;</text>');
  });

  it('use no colour of their own: all come from the page', () => {
    expect(chartCss).not.toMatch(/#[0-9a-f]{3}/i);
    for (const selector of chartCss.matchAll(/^([^{}\s][^{}]*)\{/gm)) expect(selector[1]).toMatch(/^\.chart/);
  });
});

describe('the geometry of a line', () => {
  it('rounds its corners, as far as there is room', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 0, y: 40 },
      { x: 6, y: 40 },
      { x: 6, y: 90 },
    ];
    expect(pathOf({ points })).toBe('M0 0L0 37Q0 40 3 40L3 40Q6 40 6 43L6 90');
    expect(pathOf({ points: [] })).toBe('');
  });
});

describe('counts', () => {
  it('fit into a pill', () => {
    expect([0, 7, 999, 1_000, 1_260, 12_345, 3_100_000].map(shortCount)).toEqual([
      '0',
      '7',
      '999',
      '1k',
      '1.2k',
      '12k',
      '3M',
    ]);
    expect(pill(0)).toEqual([]);
  });
});

describe('the arrow keys', () => {
  it('follow the lines in the order of the document, rows as well', async () => {
    const layout = await layoutOf(['packing', 'travelling']);
    expect(neighboursOf(parcel, layout, 'packing')).toEqual({
      next: ['travelling'],
      previous: ['travelling'],
      above: null,
      below: 'packing.open',
    });
    const row = neighboursOf(parcel, layout, 'packing.taped');
    expect(row).toEqual({ next: ['travelling'], previous: ['travelling'], above: 'packing.open', below: 'travelling' });
    expect(neighboursOf(parcel, layout, 'home').below).toBeNull();
  });
});

describe('levels', () => {
  it('a small machine is open at first, a big one closed', () => {
    expect(defaultCollapsed(chart(machines.escalation))).toEqual([]);
    expect(defaultCollapsed(chart(machines.bead))).toEqual(['open', 'in_progress', 'closed', 'failed']);
  });

  it('closing a state forgets what was open in it', () => {
    expect(toggled(parcel, [], 'travelling')).toEqual(['travelling']);
    expect(toggled(parcel, ['travelling'], 'travelling')).toEqual(['travelling.place', 'travelling.papers']);
    expect(toggled(parcel, ['travelling.place'], 'travelling')).toEqual(['travelling']);
  });
});
