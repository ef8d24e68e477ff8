/** An app without a network or a clock of its own, and answers as the server gives them. */
import type { ComponentChildren } from 'preact';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Chart, ChartNode } from '../../../src/core/chart.ts';
import { rootId } from '../../../src/core/chart.ts';
import { type App, AppContext, createApp, type Surroundings } from '../../../src/inspector/app/app.ts';
import type { EntityLine, MachineSummary, MachineView, OverviewView } from '../../../src/inspector/contract.ts';
import type { Start } from '../../../src/inspector/contract-page.ts';

export const NOW = 1_795_000_000_000;
export const BASE = '/any/inspector/';

type Given = { readonly path?: string; readonly query?: string; readonly start?: Start } & Partial<Surroundings>;

/** Nothing is fetched, nothing ticks, unless the test gives it. */
export function testApp({ path = '/', query = '', start = {}, ...given }: Given = {}): App {
  return createApp({
    ...{ base: BASE, path, query, theme: null, start },
    history: { push: () => {}, replace: () => {} },
    fetch: () => new Promise(() => {}),
    openStream: () => ({ onopen: null, onmessage: null, onerror: null, close: () => {} }),
    newKey: () => 'key',
    nextFrame: (run) => run(),
    later: () => () => {},
    localNow: () => NOW,
    ...given,
  });
}

/** Components as text, with the app around them. */
export function paint(app: App, children: ComponentChildren): string {
  return renderToString(h(AppContext.Provider, { value: app }, children));
}

export function line(changes: Partial<EntityLine> = {}): EntityLine {
  return {
    ...{ ref: 'lamp/l1', machine: 'lamp', id: 'l1', title: 'The lamp in the hall', state: 'on.bright' },
    ...{ since: NOW - 252_000, tone: 'live', note: null, link: null, next: null, attempts: null },
    ...changes,
  };
}

export const summary: MachineSummary = {
  ...{ machine: 'lamp', label: 'Lamp', plural: 'Lamps', form: 'grid', total: 20 },
  counts: [
    { state: 'off', count: 2, oldestSince: NOW - 60_000 },
    { state: 'on.bright', count: 18, oldestSince: NOW - 840_000 },
  ],
  attention: ['on.flickering'],
};

export function overview(changes: Partial<OverviewView> = {}): OverviewView {
  return {
    ...{ seq: 1240, now: NOW, name: 'Rust Harbour', word: 'house', access: 'operate', sentence: 'All moving' },
    ...{ chips: [], needsYou: { items: [], next: null, total: 0 }, machines: [summary], grids: [], waves: [] },
    ...{ sparks: [], timersOverdue: 0, effectsStuck: 0 },
    ...changes,
  };
}

const node = (id: string, changes: Partial<ChartNode> = {}): ChartNode => ({
  ...{ id, kind: 'atomic', parent: rootId, entry: [], exit: [], invokes: [], tags: [] },
  ...changes,
});

export const chart: Chart = {
  machine: 'lamp',
  nodes: [
    node(rootId, { kind: 'compound', parent: null, initial: 'off' }),
    node('off', { description: 'Nobody needs it.' }),
    node('on', { kind: 'compound', initial: 'on.bright' }),
    node('on.bright', { parent: 'on' }),
    node('on.flickering', { parent: 'on', tags: ['attention'] }),
  ],
  edges: [
    {
      ...{ id: 'off|PRESS|0', source: 'off', target: 'on', targets: ['on'], event: 'PRESS', eventType: 'PRESS' },
      ...{ actions: ['click'], outgoing: [], reenter: false },
    },
    {
      ...{ id: 'on|PRESS|0', source: 'on', target: 'off', targets: ['off'], event: 'PRESS', eventType: 'PRESS' },
      ...{ guard: 'isFree', actions: [], outgoing: [], reenter: false },
    },
  ],
};

const boxes = [
  { state: rootId, x: 0, y: 0, width: 300, height: 300 },
  { state: 'off', x: 40, y: 40, width: 100, height: 30 },
  { state: 'on', x: 40, y: 140, width: 200, height: 120 },
  { state: 'on.bright', x: 60, y: 170, width: 140, height: 30 },
  { state: 'on.flickering', x: 60, y: 215, width: 140, height: 30 },
];

export function machineView(changes: Partial<MachineView> = {}): MachineView {
  const points = [
    { x: 90, y: 70 },
    { x: 90, y: 140 },
  ];
  const layout = {
    ...{ machine: 'lamp', direction: 'down' as const, collapsed: [], brief: false, width: 300, height: 300, dots: [] },
    boxes: boxes.map((box) => ({ ...box, collapsed: false, rows: [], inside: [] })),
    lines: [{ edges: ['off|PRESS|0'], from: 'off', to: 'on', points, label: { x: 60, y: 90, width: 60, height: 18 } }],
  };
  return {
    ...{ seq: 1240, now: NOW, summary, chart, layouts: { down: layout, right: null } },
    versions: [
      { hash: 'a'.repeat(40), entities: 19, current: true },
      { hash: 'b'.repeat(40), entities: 1, current: false },
    ],
    ...changes,
  };
}
