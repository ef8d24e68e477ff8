/** What the pages are told: one projection for lists and details, true at the position that it names. */
import { expect, test } from 'vitest';
import type {
  EdgeView,
  EntityPage,
  HeatView,
  HereView,
  HistoryView,
  LogView,
  MachineView,
  OutboxView,
  OverviewView,
  SearchView,
  TimersView,
} from '../../../src/inspector/contract.ts';
import { type InspectorWorld, inspectorWorld } from '../world.ts';

const never = () => new Promise<never>(() => undefined);

/** Three jobs: `a` closed, `b` held with a reason, `c` after `b`. */
async function three(): Promise<InspectorWorld> {
  const world = await inspectorWorld();
  const { engine, run, env } = world;
  await run(engine.create('job', 'a', { name: 'Foundation' }));
  await run(engine.create('job', 'b', { name: 'Walls' }));
  await run(engine.create('job', 'c', { name: 'Roof', after: ['b'] }));
  await run(engine.send('job', 'a', { type: 'GO' }));
  await env.settle();
  await run(engine.send('job', 'b', { type: 'HOLD', reason: 'it rains' }, { reason: 'rain' }));
  return world;
}

test('the overview says what asks for a person, why, and what may be done', async () => {
  const { get } = await three();
  const view = await get<OverviewView>('overview');
  expect(view).toMatchObject({ sentence: '1 thing needs you', access: 'operate', word: 'engine', chips: [] });
  expect(view.needsYou.items).toEqual([
    expect.objectContaining({
      line: expect.objectContaining({ ref: 'job/b', title: 'Walls', tone: 'warn' }),
      why: 'It is open.held: it rains.',
      actions: [expect.objectContaining({ event: 'GO' }), expect.objectContaining({ event: 'CLOSE', destroys: true })],
    }),
  ]);
  expect(view.machines).toEqual([
    expect.objectContaining({ machine: 'job', plural: 'Jobs', total: 3, attention: ['open.held', 'failed'] }),
  ]);
  const [waves] = view.waves;
  expect(waves?.waves.map(({ lines }) => lines.map(({ title }) => title))).toEqual([['Walls'], ['Roof']]);
  expect([waves?.done, waves?.total]).toEqual([1, 3]);
});

test('what is given up, overdue or can not be read asks for a person too', async () => {
  const world = await three();
  const { engine, get, run, env } = world;
  world.onBuild = never;
  await run(engine.send('job', 'c', { type: 'GO' }));
  await env.settle();
  await run(engine.submit(({ tx }) => tx.settleEffect('job/c#7#0', 'dead', 'no bricks')));
  const { needsYou, effectsStuck } = await get<OverviewView>('overview');
  expect(needsYou.items.map(({ line, why }) => [line.ref, why])).toEqual([
    ['job/c', 'Its effect "build" was given up: no bricks.'],
    ['job/b', 'It is open.held: it rains.'],
  ]);
  expect(effectsStuck).toBe(1);
  const { lines, counts, reasons } = await get<OutboxView>('outbox?group=stuck');
  expect(counts).toMatchObject({ stuck: 1, running: 0, settled: 1 });
  expect(lines.items).toEqual([expect.objectContaining({ key: 'job/c#7#0', title: 'Roof', note: 'no bricks' })]);
  expect(reasons).toEqual([{ type: 'build', note: 'no bricks', count: 1 }]);
});

test('a machine has its chart, its versions and its counts', async () => {
  const { get } = await three();
  await get('machines/job/here?state=open');
  const view = await get<MachineView>('machines/job');
  expect(view.chart.nodes.map(({ id }) => id)).toContain('open.held');
  expect(view.summary.counts).toEqual([
    { state: 'closed', count: 1, oldestSince: expect.any(Number) },
    { state: 'open.held', count: 1, oldestSince: expect.any(Number) },
    { state: 'open.ready', count: 1, oldestSince: expect.any(Number) },
  ]);
  expect(view.versions).toEqual([{ hash: expect.stringMatching(/^[0-9a-f]{16}$/), entities: 3, current: true }]);
});

test('who stands in a state is sorted, filtered and paged', async () => {
  const world = await three();
  const { engine, get, run, env } = world;
  for (let n = 10; n < 70; n += 1) await run(engine.create('job', `x${n}`, { name: `Brick ${n}` }));
  await env.pass(60_000);
  const first = await get<HereView>('machines/job/here?state=open.ready&sort=title');
  expect(first).toMatchObject({ count: 61, oldestMs: expect.any(Number), medianMs: expect.any(Number) });
  expect(first.lines.items.map(({ title }) => title).slice(0, 2)).toEqual(['Brick 10', 'Brick 11']);
  const second = await get<HereView>(`machines/job/here?state=open.ready&sort=title&after=${first.lines.next}`);
  expect(second.lines.items.map(({ title }) => title).slice(-1)).toEqual(['Roof']);
  expect(first.lines.items.length + second.lines.items.length).toBe(61);
  expect(second.lines.next).toBeNull();
  const found = await get<HereView>('machines/job/here?state=open&filter=brick%204');
  expect(found.lines.items).toHaveLength(10);
  expect(found.count).toBe(62);
  expect(found.actions.map(({ event }) => event)).toEqual(['GO', 'HOLD', 'RESET', 'CLOSE']);
  const strange = await world.ask('/api/machines/job/here?state=nowhere');
  expect([strange.status, await strange.json()]).toEqual([
    404,
    expect.objectContaining({ detail: expect.stringContaining('job has no state nowhere') }),
  ]);
});

test('an entity shows its facts, links, timers and effects, and nothing that is redacted', async () => {
  const world = await three();
  const { engine, get, run, env } = world;
  world.onBuild = never;
  await run(engine.send('job', 'c', { type: 'GO' }));
  await env.settle();
  const page = await get<EntityPage>('entities/job/c');
  expect(page).toMatchObject({ status: 'active', rev: 2, lastTaken: ['open.ready -GO-> working'], access: 'operate' });
  expect(page.facts).toEqual([
    { label: 'tries', kind: 'counter', value: 0, max: 3, reset: null },
    { label: 'after', kind: 'ref', ref: 'job/b', title: 'Walls' },
  ]);
  expect(page.context).toMatchObject({ name: 'Roof', tries: 0 });
  expect(JSON.stringify(page)).not.toContain('hunter2');
  expect(page.timers).toEqual([expect.objectContaining({ name: 'patience', overdue: false, delayMs: 60_000 })]);
  expect(page.effects).toEqual([expect.objectContaining({ type: 'build', status: 'inflight', attempt: 1 })]);
  expect(page.waitingFor.events).toEqual(['BEAT']);
  const held = await get<EntityPage>('entities/job/c');
  expect(held.actions).toEqual([]);
  const { lines, total, density } = await get<TimersView>('timers');
  expect([lines.items.map(({ ref }) => ref), total, density[0]]).toEqual([['job/c'], 1, 1]);
});

test('a history goes page by page from the end, and counts what is before', async () => {
  const { get, engine, run } = await three();
  for (let times = 0; times < 5; times += 1) await run(engine.send('job', 'c', { type: 'RESET' }));
  const last = await get<HistoryView>('entities/job/c/history?limit=4');
  expect([last.rows.map(({ event }) => event), last.earlier]).toEqual([['RESET', 'RESET', 'RESET', 'RESET'], 2]);
  const first = await get<HistoryView>(`entities/job/c/history?before=${last.rows[0]?.seq}`);
  expect([first.rows.map(({ event }) => event), first.earlier]).toEqual([['xstate.init', 'RESET'], 0]);
});

test('the log is filtered and searched, and keeps the reason that a person gave', async () => {
  const { get } = await three();
  const found = async (query: string) => (await get<LogView>(`log?${query}`)).lines.items.map(({ seq }) => seq);
  expect(await found('entity=job/b')).toEqual([6, 2]);
  expect(await found('event=GO')).toEqual([4]);
  expect(await found('by=outbox')).toEqual([5]);
  expect(await found('text=rain')).toEqual([6]);
  const [row] = (await get<LogView>('log?text=rain')).lines.items;
  expect(row).toMatchObject({
    ref: 'job/b',
    title: 'Walls',
    by: 'operator',
    reason: 'rain',
    after: 'open.held',
    tone: 'warn',
  });
  const tree = await get<{ children: readonly { row: { seq: number } }[] }>('log/4/tree');
  expect(tree.children.map(({ row: { seq } }) => seq)).toEqual([5]);
});

test('edges, heat and search know what happened', async () => {
  const { get } = await three();
  const edge = encodeURIComponent('open.ready -GO-> working');
  const { firings } = await get<EdgeView>(`machines/job/edges?edge=${edge}`);
  expect(firings).toEqual([
    { row: expect.objectContaining({ seq: 4 }), effects: [{ type: 'build', status: 'done', note: 'succeeded' }] },
  ]);
  const heat = await get<HeatView>('machines/job/heat');
  expect(heat.states.find(({ state }) => state === 'open.ready')).toMatchObject({ visits: 3, failures: 0 });
  const search = await get<SearchView>('search?q=wal');
  expect(search.entities.map(({ ref }) => ref)).toEqual(['job/b']);
  const names = await get<SearchView>('search?q=HOLD');
  expect(names.events).toEqual([{ event: 'HOLD', machines: ['job'] }]);
  expect((await get<SearchView>('search?q=held')).states).toEqual([{ machine: 'job', state: 'open.held', count: 1 }]);
});
