/** What agents write stays text: titles, notes, output and payloads that try to be markup, on every screen. */
import { expect, it } from 'vitest';
import { documentOf } from '../../../../src/inspector/app/document.ts';
import { paths } from '../../../../src/inspector/app/paths.ts';
import { BreakersScreen } from '../../../../src/inspector/app/screens/breakers/BreakersScreen.tsx';
import { DispatchScreen } from '../../../../src/inspector/app/screens/dispatch/DispatchScreen.tsx';
import { EntityScreen } from '../../../../src/inspector/app/screens/entity/EntityScreen.tsx';
import { LogScreen } from '../../../../src/inspector/app/screens/log/LogScreen.tsx';
import { HereDrawer } from '../../../../src/inspector/app/screens/machine/HereDrawer.tsx';
import { MetricsScreen } from '../../../../src/inspector/app/screens/metrics/MetricsScreen.tsx';
import { OverviewScreen } from '../../../../src/inspector/app/screens/overview/OverviewScreen.tsx';
import { TimersScreen } from '../../../../src/inspector/app/screens/timers/TimersScreen.tsx';
import {
  action,
  breakerView,
  entityLine,
  entityPage,
  historyView,
  logLine,
  metricsView,
  NOW,
  outboxView,
  timerLine,
} from './fixtures.ts';
import { overviewView, paint } from './paint.ts';

const HOSTILE = `"'></script></title><img src=x onerror=alert(1)><script>alert(2)</script>`;
/** Fields that hold addresses, states and times: an agent has no say in them. */
const OURS = new Set(['ref', 'machine', 'id', 'key', 'state', 'before', 'after', 'kind', 'tone', 'status', 'access']);

/** Every text that may come from outside, made hostile. */
function poisoned<T>(value: T): T {
  if (Array.isArray(value)) return value.map(poisoned) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inside]) => {
    const isText = typeof inside === 'string' && !OURS.has(name);
    return [name, isText ? `${inside}${HOSTILE}` : poisoned(inside)];
  });
  return Object.fromEntries(entries) as T;
}

const stamp = { seq: 120, now: NOW };
const reference = 'bead/gt-7f3a';
const needy = { line: entityLine(), why: 'It failed.', actions: [action()] };
const overview = overviewView({
  needsYou: { items: [needy], next: null, total: 1 },
  grids: [{ machine: 'bead', lines: [entityLine()], more: 0 }],
  waves: [{ machine: 'bead', waves: [{ lines: [entityLine()], more: 0 }], done: 0, total: 1 }],
  chips: [{ text: 'Breaker open', tone: 'warn', ref: 'breaker/town' }],
});
const lines = <T>(...items: readonly T[]) => ({ items, next: null });
const here = { machine: 'bead', state: 'open', count: 1, medianMs: 1, oldestMs: 1, lines: lines(entityLine()) };
const entity = { [paths.entity(reference)]: entityPage(), [paths.history(reference)]: historyView() };
const log = { ...stamp, lines: lines(logLine({ rejected: 'no', by: 'agent/toast' }), logLine()), lookedBackTo: 1 };
const tabs = ['state', 'context', 'attempts', 'why', 'links', 'raw'];

const SCENES = [
  { name: 'overview', screen: OverviewScreen, at: '', answers: {} },
  {
    ...{ name: 'who is here', screen: HereDrawer, at: 'machines/bead', reference: 'bead/open' },
    answers: { [paths.here('bead', { state: 'open', sort: 'since', filter: '' })]: { ...stamp, ...here, actions: [] } },
  },
  ...tabs.map((tab) => ({
    ...{ name: `entity, ${tab}`, screen: EntityScreen, at: `entities/${reference}?tab=${tab}`, answers: entity },
  })),
  {
    ...{ name: 'timers', screen: TimersScreen, at: 'timers' },
    answers: { timers: { ...stamp, lines: lines(timerLine()), overdue: 0, total: 1, density: [] } },
  },
  {
    ...{ name: 'dispatch', screen: DispatchScreen, at: 'dispatch?group=stuck' },
    answers: { [paths.outbox('stuck')]: outboxView() },
  },
  {
    ...{ name: 'breakers', screen: BreakersScreen, at: 'breakers' },
    answers: { breakers: { ...stamp, breakers: [breakerView()] } },
  },
  { name: 'log', screen: LogScreen, at: 'log', answers: { log } },
  {
    ...{ name: 'metrics', screen: MetricsScreen, at: 'metrics?from=1&to=2' },
    answers: { [paths.metrics({ from: 1, to: 2 })]: metricsView() },
  },
];

it.each(SCENES)('SEC11 what agents write is text: $name', ({ screen, at, answers, ...scene }) => {
  const props = { reference: 'reference' in scene ? scene.reference : reference };
  const html = paint(screen as typeof EntityScreen, props, { at, answers: poisoned({ ...answers, overview }) });
  expect(html).not.toMatch(/<img|<script/i);
  expect(html).toContain('&lt;img src=x onerror=alert(1)');
  // In no attribute, of those that are quoted, does a quote end it.
  expect(html.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*onerror/);
});

it('SEC11 what agents write is text: the document with what it knows, and its title', () => {
  const template =
    '<html><head><title>%title%</title></head><body><!--app--><script id="start">%start%</script></body></html>';
  const start = poisoned({ ...entity, overview });
  const request = { path: `/entities/${reference}`, query: '', base: '/', theme: null, start };
  const text = documentOf(request, { html: '', title: HOSTILE }, { template, files: [] });
  expect(text.match(/<script/g)).toHaveLength(1);
  expect(text.match(/<\/script>/g)).toHaveLength(1);
  expect(text.match(/<\/title>/g)).toHaveLength(1);
  expect(text).not.toContain('<img');
  const [, told = ''] = /<script id="start">(.*)<\/script>/s.exec(text) ?? [];
  expect(JSON.parse(told)).toEqual(start);
});
