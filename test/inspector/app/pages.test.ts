/** Pages painted to text, as the server does it: what a reader finds on them, in each of their states. */
import { h } from 'preact';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf } from '../../../src/inspector/app/document.ts';
import { Frame } from '../../../src/inspector/app/frame/Frame.tsx';
import { loaders } from '../../../src/inspector/app/loaders.ts';
import { answersOf, screensOf } from '../../../src/inspector/app/needs.ts';
import { loadScreens, provideScreens } from '../../../src/inspector/app/screens.ts';
import { titleOf } from '../../../src/inspector/app/title.ts';
import type { HereView, NeedsYou } from '../../../src/inspector/contract.ts';
import type { Start } from '../../../src/inspector/contract-page.ts';
import { BASE, line, machineView, NOW, overview, paint, summary, testApp } from './fixtures.ts';

const needy: NeedsYou = {
  line: line({ ref: 'lamp/l7', id: 'l7', title: 'The lamp in the cellar', state: 'on.flickering', tone: 'warn' }),
  why: 'It has flickered for ten minutes.',
  actions: [
    { event: 'RESET', label: 'Reset', description: 'Begins again.', destroys: false, payload: null },
    { event: 'SCRAP', label: 'Scrap', description: 'Throws it away.', destroys: true, payload: null },
  ],
};
const troubled = overview({
  sentence: '1 thing needs you',
  needsYou: { items: [needy], next: null, total: 1 },
  chips: [{ text: 'Breaker open', tone: 'danger', ref: 'breaker/main' }],
  grids: [{ machine: 'lamp', lines: [line({ note: 'warm & bright' })], more: 3 }],
  sparks: [
    {
      name: 'commits',
      unit: '1/min',
      points: [
        [NOW - 60_000, 4],
        [NOW, 12],
      ],
    },
  ],
  timersOverdue: 2,
});
const here: HereView = {
  ...{ seq: 1240, now: NOW, machine: 'lamp', state: 'on.flickering', count: 1, medianMs: 9000, oldestMs: 9000 },
  ...{ lines: { items: [needy.line], next: 'more' }, actions: needy.actions },
};

function page(path: string, query = '', start: Start = { overview: overview() }) {
  const app = testApp({ path, query, start });
  return { app, html: paint(app, h(Frame, null)) };
}

/** What a screen reader reads. */
const words = (html: string) =>
  html
    .replace(/<(?:style|script|title)[^>]*>.*?<\/(?:style|script|title)>/g, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');

beforeAll(async () => {
  provideScreens(loaders);
  await loadScreens(['overview', 'machine', 'hereDrawer', 'edgeDrawer', 'thumbnail']);
});

describe('the frame', () => {
  it('says whose it is, how many there are, and leads everywhere', () => {
    const { html, app } = page('/');
    expect(words(html)).toContain('Rust Harbour');
    expect(words(html)).toContain('20 lamps');
    for (const to of ['', 'machines/lamp', 'timers', 'dispatch', 'breakers', 'log', 'metrics']) {
      expect(html).toContain(`href="${BASE}${to}"`);
    }
    expect(titleOf(app)).toBe('Overview · Rust Harbour');
  });

  it('marks where the reader is', () => {
    expect(page('/machines/lamp').html).toMatch(/href="\/any\/inspector\/machines\/lamp" aria-current="page"/);
  });

  it('shows what holds the whole back, and what waits for a person', () => {
    const counts = [...summary.counts, { state: 'on.flickering', count: 4, oldestSince: NOW - 5000 }];
    const { html, app } = page('/', '', { overview: { ...troubled, machines: [{ ...summary, counts }] } });
    expect(words(html)).toContain('Breaker open');
    expect(words(html)).toContain('Lamp flickering 4');
    expect(words(html)).toContain('2 overdue');
    expect(titleOf(app)).toBe('(1) Overview · Rust Harbour');
  });

  it('says so when an address leads nowhere', () => {
    expect(words(page('/nowhere').html)).toContain('This address leads to no page');
  });

  it('has no style attribute: the policy of the page forbids them', () => {
    const start = { overview: troubled, 'machines/lamp': machineView() };
    for (const path of ['/', '/machines/lamp', '/nowhere']) expect(page(path, '', start).html).not.toMatch(/\sstyle=/);
  });
});

describe('the overview', () => {
  it('says in one sentence that all is well', () => {
    expect(words(page('/').html)).toContain('All moving');
  });

  it('shows what needs a person: who, where, why, and what to press', () => {
    const text = words(page('/', '', { overview: troubled }).html);
    expect(text).toMatch(/1 thing needs you.*l7.*The lamp in the cellar.*on\. ?flickering.*for 4m 12s/);
    expect(text).toMatch(/It has flickered for ten minutes\. Reset Scrap ?…/);
  });

  it('shows a grid of who there is, with the last words, and how many are not shown', () => {
    const text = words(page('/', '', { overview: troubled }).html);
    expect(text).toMatch(/l1 bright 4m 12s The lamp in the hall warm & bright/);
    expect(text).toContain('and 3 others');
    expect(text).toContain('12 per min');
  });

  it('takes the buttons out of use for who may only look', () => {
    const html = page('/', '', { overview: { ...troubled, access: 'read' } }).html;
    expect(html).toMatch(/<button[^>]*disabled[^>]*>Reset/);
    expect(html).toContain('You may look, not operate.');
  });

  it('says what would be here when nothing has happened yet', () => {
    const empty = overview({ machines: [{ ...summary, total: 0, counts: [] }] });
    expect(words(page('/', '', { overview: empty }).html)).toMatch(/This house is empty.*Send the first one/);
  });

  it('is silent for a moment while it loads', () => {
    expect(page('/', '', {}).html).toContain('class="skeleton"');
  });
});

describe('a machine', () => {
  const start = { overview: overview(), 'machines/lamp': machineView() };

  it('is drawn with everybody in it, in the first paint', () => {
    const { html } = page('/machines/lamp', '', start);
    expect(html).toMatch(/<svg class="chart down" role="group" aria-label="Lamps, chart/);
    expect(html).toContain('aria-label="bright 18 lamps, bright, on, oldest 14 minutes"');
    expect(html).toMatch(/data-tokens="on" data-count="18"/);
    expect(words(html)).toContain('20 here · 4 states · 2 transitions');
    expect(words(html)).toContain('1 older version');
  });

  it('has one state that Tab leads to, as the arrow keys do the rest', () => {
    const { html } = page('/machines/lamp', '', start);
    const svg = html.slice(
      html.indexOf('<svg class="chart'),
      html.indexOf('</svg>', html.indexOf('<svg class="chart')),
    );
    expect(svg.match(/tabindex="0"/g)).toHaveLength(1);
  });

  it('is a tree of text as an outline', () => {
    const { html } = page('/machines/lamp', 'view=outline', start);
    expect(html).toContain('role="tree"');
    expect(words(html)).toMatch(
      /off 2 oldest 1m 00s Nobody needs it\. PRESS → on on 18 oldest 14m 00s PRESS → off bright 18/,
    );
    expect(html).toContain('title="if isFree"');
  });

  it('is a table of states', () => {
    const text = words(page('/machines/lamp', 'view=table', start).html);
    expect(text).toMatch(/State Here Oldest Median stay Failures What it is/);
    expect(text).toMatch(/on\. ?bright 18 14m 00s/);
    expect(text).toMatch(/on\. ?flickering – –/);
  });

  it('shows its outline while there is no layout', () => {
    const unlaid = { ...start, 'machines/lamp': machineView({ layouts: { down: null, right: null } }) };
    const { html } = page('/machines/lamp', '', unlaid);
    expect(words(html)).toContain('The chart is being laid out.');
    expect(html).toContain('role="tree"');
  });
});

describe('the drawers', () => {
  const query = 'drawer=here:lamp/on.flickering';
  const [path = ''] = answersOf(testApp({ path: '/', query }).route, NOW).slice(-1);

  it('show who is in a state, how long, and one event for all of them', () => {
    const { html } = page('/', query, { overview: overview(), [path]: here });
    expect(words(html)).toMatch(/1 here · median stay 9s · oldest 9s/);
    expect(words(html)).toMatch(/l7 The lamp in the cellar 4m 12s More/);
    expect(words(html)).toMatch(/Send to it Reset/);
  });

  it('say when nobody is there', () => {
    const nobody = { ...here, count: 0, lines: { items: [], next: null } };
    expect(words(page('/', query, { overview: overview(), [path]: nobody }).html)).toContain('Nobody is here now.');
  });

  it('leave only the front one to the keyboard', () => {
    const { html } = page('/', `${query}&drawer=here:lamp/off`, { overview: overview() });
    expect(html).toMatch(/<div class="drawer-place depth-0" inert>.*<div class="drawer-place depth-1">/);
  });
});

describe('the document', () => {
  const template =
    '<html data-base="%base%" data-theme="%theme%"><head><title>%title%</title><script src="./a.js"></script></head>' +
    '<body><div id="app"><!--app--></div><script id="start">%start%</script></body></html>';
  const request = { path: '/', query: '', base: BASE, theme: null, start: { overview: { name: '</script><b>$&' } } };

  it('has the page, what it knows, and its files below the base', () => {
    const files = ['assets/s.css', 'assets/s.js'];
    const text = documentOf(request, { html: '<p>$1 & $&</p>', title: 'A & B' }, { template, files });
    expect(text).toContain('<div id="app"><p>$1 & $&</p></div>');
    expect(text).toContain('<title>A &amp; B</title>');
    expect(text).toContain(`src="${BASE}a.js"`);
    expect(text).toContain(`<link rel="stylesheet" href="${BASE}assets/s.css">`);
    expect(text).toContain(`<link rel="modulepreload" href="${BASE}assets/s.js">`);
    expect(text).toContain('<html data-base="/any/inspector/"><head>');
  });

  it('lets nothing that it knows end the script', () => {
    const text = documentOf(request, { html: '', title: '' }, { template, files: [] });
    const [, start = ''] = /<script id="start">(.*?)<\/script>/.exec(text) ?? [];
    expect(JSON.parse(start)).toEqual(request.start);
  });

  it('needs what its page and its drawers show', () => {
    const { route } = testApp({ path: '/machines/lamp', query: 'drawer=entity:lamp/l1' });
    expect(answersOf(route, NOW)).toEqual(['overview', 'machines/lamp', 'entities/lamp/l1']);
    const metrics = testApp({ path: '/metrics', query: 'range=24h' }).route;
    expect(answersOf(metrics, NOW)).toEqual(['overview', expect.stringMatching(/^metrics\?from=\d+&to=\d+$/)]);
    expect(screensOf(route)).toEqual(['machine', 'entityDrawer']);
  });
});
