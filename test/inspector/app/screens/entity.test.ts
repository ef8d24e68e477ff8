/** The page of an entity as a reader sees it: now, in the past, compared, in a drawer. */
import { describe, expect, it } from 'vitest';
import { paths } from '../../../../src/inspector/app/paths.ts';
import { EntityDrawer } from '../../../../src/inspector/app/screens/entity/EntityDrawer.tsx';
import { EntityScreen } from '../../../../src/inspector/app/screens/entity/EntityScreen.tsx';
import { stopFor, stopText } from '../../../../src/inspector/app/screens/entity/Slider.tsx';
import type { EntityPage, MomentView } from '../../../../src/inspector/contract.ts';
import { action, entityPage, historyView, logLine, MINUTE, NOW } from './fixtures.ts';
import { fail, paint, words } from './paint.ts';

const reference = 'bead/gt-7f3a';
const moment = (at: number, over: Partial<MomentView> = {}): MomentView => ({
  ...{ ref: reference, at, time: NOW - 30 * MINUTE, state: 'open.coolingDown', accepts: ['HOLD'], taken: [] },
  context: { title: 'Rewrite the importer in Rust', priority: 1, hook: null, labels: ['rust'], failures: 1 },
  timers: [{ name: 'cooldown', dueAt: NOW - 29 * MINUTE }],
  effects: [],
  exact: true,
  ...over,
});
const answers = (page: Partial<EntityPage> = {}, history = historyView()) => ({
  [paths.entity(reference)]: entityPage(page),
  [paths.history(reference)]: history,
});
const screen = (query = '', given: Readonly<Record<string, unknown>> = answers()) =>
  paint(EntityScreen, { reference }, { at: `entities/${reference}${query}`, answers: given });

describe('an entity, now', () => {
  it('says in its head what it is, where it stands, since when and what it waits for', () => {
    const text = words(screen());
    expect(text).toContain('gt-7f3a Rewrite the importer in Rust');
    expect(text).toContain('in_progress. working for 4m 00s');
    expect(text).toContain('Waiting for RUN.COMPLETED, RUN.FAILED or stale in 10m 00s.');
  });

  it('has its facts: the heartbeat ticks, the noun is a link, the reset stands beside the count', () => {
    const html = screen('', answers({ actions: [action({ event: 'RESET', label: 'Give back' })] }));
    expect(words(html)).toContain('Last heartbeat 12s ago');
    expect(words(html)).toContain('Failed starts 1 of 5 Reset');
    expect(html).toContain('href="/inspector/entities/agent/toast"');
  });

  it('offers no reset where the state accepts none', () => {
    expect(words(screen('', answers({ actions: [] })))).not.toContain('1 of 5 Reset');
  });

  it('offers what it accepts, and marks what destroys', () => {
    const html = screen();
    expect(words(html)).toContain('Hold Cancel…');
    expect(html).toMatch(/class="button small dangerous"[^>]*>Cancel/);
  });

  it('shows each failed try with its reason and its last output', () => {
    const text = words(screen('?tab=attempts'));
    expect(text).toContain('#1 failed toast');
    expect(text).toContain('ended with code 1 Last output npm ERR! missing script: build');
  });

  it('tells why it does not move, and what it waits for', () => {
    const html = screen('?tab=why');
    expect(words(html)).toContain('It waits for toast.');
    expect(words(html)).toMatch(/no An agent is idle .*agent\/toast in 1m 00s/);
  });

  it('marks in the context what the last step changed', () => {
    const before = { [paths.moment(reference, 102)]: moment(102) };
    const text = words(screen('?tab=context', { ...answers(), ...before }));
    expect(text).toContain('2 values the step RUN.STARTED changed: hook, failures');
    expect(text).toContain('failures 1 removed');
  });

  it('lists links, long texts, and everything raw', () => {
    expect(words(screen('?tab=links'))).toContain('Agent toast');
    expect(words(screen('?tab=links'))).toContain('Task Make it fast.');
    expect(words(screen('?tab=raw'))).toContain('"definition": "a1b2c3d4e5f6"');
  });

  it('says what happened to one that can not be read, and to one without a why', () => {
    const text = words(screen('', answers({ status: 'quarantined', why: null, actions: [] })));
    expect(text).toContain('quarantined');
    expect(text).not.toContain('Why');
  });

  it('says that it is on its way, that it failed, that it is not there', () => {
    expect(screen('', {})).toContain('skeleton');
    const at = `entities/${reference}`;
    const missing = paint(EntityScreen, { reference }, { at, set: fail(paths.entity(reference), 404) });
    expect(words(missing)).toContain('The database is locked');
    const forbidden = paint(EntityScreen, { reference }, { at, set: fail(paths.entity(reference), 403) });
    expect(words(forbidden)).toContain('This is not for you to see');
  });
});

describe('the timeline', () => {
  it('lists its steps the oldest first, with reasons, as a table', () => {
    const html = screen();
    const text = words(html);
    expect(text).toContain('5 steps, the oldest first');
    expect(text.indexOf('created')).toBeLessThan(text.lastIndexOf('RUN.STARTED'));
    expect(text).toContain('503 no container');
    expect(html).not.toContain('style=');
  });

  it('has a slider that says in words where it stands', () => {
    expect(screen()).toMatch(/type="range"[^>]*aria-valuetext="live, after step 5 of 5"/);
    expect(screen('?at=98')).toMatch(/aria-valuetext="step 3 of 5, \d\d:38:40, RUN.START_FAILED"/);
  });

  it('draws all rows of a short history and only those in sight of a long one', () => {
    const rows = Array.from({ length: 5000 }, (_, index) =>
      logLine({ seq: index + 1, at: NOW - (5000 - index) * 1000 }),
    );
    const html = screen('', answers({}, historyView({ rows })));
    const drawn = html.match(/data-step=/g)?.length ?? 0;
    expect(drawn).toBeGreaterThan(10);
    expect(drawn).toBeLessThan(60);
    expect(html).toContain('aria-rowcount="5001"');
    expect(html).toContain('data-step="4999"');
  });

  it('offers the steps before the first one that it has', () => {
    expect(words(screen('', answers({}, historyView({ earlier: 1234 }))))).toContain('1,234 earlier');
  });

  it('takes a nudge of the slider that is too small for the next stop as a step', () => {
    expect(stopFor([0, 400, 500, 1000], 401, 1)).toBe(2);
    expect(stopFor([0, 400, 500, 1000], 399, 1)).toBe(0);
    expect(stopFor([0, 400, 500, 1000], 930, 1)).toBe(3);
    expect(stopText(historyView().rows, 5)).toBe('live, after step 5 of 5');
  });
});

describe('an entity, in the past', () => {
  const then = {
    ...answers(),
    [paths.moment(reference, 98)]: moment(98),
    [paths.moment(reference, 96)]: moment(96, { context: {} }),
  };

  it('is tinted, says so, and shows what was armed then', () => {
    const html = screen('?at=98', then);
    expect(html).toContain('is-past');
    const text = words(html);
    expect(text).toMatch(/As of \d\d:38:40 step 3 of 5: RUN.START_FAILED Back to now/);
    expect(text).toContain('timer cooldown due');
    expect(text).toContain('Reading only');
  });

  it('offers nothing that would act on now', () => {
    expect(words(screen('?at=98', then))).not.toContain('Send an event');
  });

  it('shows the context of then with what that step changed', () => {
    expect(words(screen('?at=98&tab=context', then))).toContain('5 values the step RUN.START_FAILED changed');
  });

  it('compares two moments', () => {
    const text = words(screen('?at=98&compare=90&tab=context', { ...then, [paths.moment(reference, 90)]: moment(90) }));
    expect(text).toContain('1h 00m before');
    expect(text).toContain('Nothing in the context is different');
  });
});

describe('an entity in a drawer', () => {
  it('is the same, with a way to its page', () => {
    const html = paint(EntityDrawer, { reference }, { at: 'log?at=98', answers: answers() });
    expect(words(html)).toContain('gt-7f3a Rewrite the importer in Rust');
    expect(html).toContain('href="/inspector/entities/bead/gt-7f3a"');
    // The moment in the address is the page's, not the drawer's.
    expect(html).not.toContain('is-past');
  });
});
