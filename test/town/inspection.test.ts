/** What the inspector is told of a town: who needs a person and why, who works on what, and the buttons for it. */
import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { inspectorLink } from '../../src/http/inspector.ts';
import type { BreakersView, EntityPage, MomentView, OutboxView, OverviewView } from '../../src/inspector/contract.ts';
import type { SendAnswer } from '../../src/inspector/contract-commands.ts';
import { decided, HOST, OPERATOR, VERSION } from '../http/harness.ts';
import { MINUTE, SECOND, type World, type WorldOptions, world } from './world.ts';

const ORIGIN = `http://${HOST}`;

/** The town with its inspector, after a login by the link that is printed. */
async function inspected(options: WorldOptions = {}) {
  const w = await world(options);
  const app = createApp(w.town, {
    ...{ operatorToken: OPERATOR, env: w.env, version: VERSION, allowedHosts: new Set([HOST]) },
  });
  const ask = async (
    path: string,
    init: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const { body, headers, ...rest } = init;
    const all = {
      host: HOST,
      ...(body !== undefined && { 'content-type': 'application/json', origin: ORIGIN }),
      ...headers,
    };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    return decided(w, app.request(new Request(`${ORIGIN}${path}`, { ...rest, ...text, headers: all })));
  };
  const login = await ask(inspectorLink('', { operatorToken: OPERATOR, env: w.env }));
  const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const get = async <T>(path: string) => {
    const answer = await ask(`/inspector/api/${path}`, { headers: { cookie } });
    return (await decided(w, answer.json())) as T;
  };
  const post = async <T>(path: string, body: unknown) => {
    const answer = await ask(`/inspector/api/${path}`, { method: 'POST', body, headers: { cookie } });
    return (await decided(w, answer.json())) as T;
  };
  return { w, ask, get, post };
}

const needs = ({ needsYou }: OverviewView) => needsYou.items.map(({ line, why }) => [line.ref, why]);

/** Its run begins, and is lost as often as it may be. */
async function loseAllRuns(w: World): Promise<void> {
  for (let runs = 0; runs < 5; runs += 1) {
    const run = w.latest();
    await w.env.until(w.container.beat(run));
    await w.env.until(w.container.exit(run, 1, 0));
    await w.pass(11 * MINUTE);
  }
}

describe('the inspector of a town', () => {
  it('is for those with the link or the token alone', async () => {
    const { w, ask, get } = await inspected();
    await using _ = w;
    expect(await get<OverviewView>('overview')).toMatchObject({
      word: 'town',
      access: 'operate',
      sentence: 'All moving',
    });
    expect((await ask('/inspector/api/overview')).status).toBe(401);
    const bearer = { authorization: `Bearer ${OPERATOR}` };
    expect((await ask('/inspector/api/overview', { headers: bearer })).status).toBe(200);
    expect((await ask('/inspector/api/overview', { headers: { authorization: 'Bearer x' } })).status).toBe(401);
    expect((await ask('/', {})).headers.get('location')).toBe('/inspector/');
  });

  it('says that a bead failed, once, why, and reopens it in the name of who asks', async () => {
    const { w, get, post } = await inspected();
    await using _ = w;
    await loseAllRuns(w);
    expect(w.bead('b1').state).toBe('failed.gaveUp');
    expect(w.town.status().escalations).toHaveLength(1);
    const overview = await get<OverviewView>('overview');
    expect(needs(overview)).toEqual([['bead/b1', 'Given up after 5 lost runs: ended with exit code 1.']]);
    expect(overview.needsYou.items[0]?.actions.map(({ label }) => label)).toEqual(['Reopen']);
    const page = await get<EntityPage>('entities/bead/b1');
    expect(page.line).toMatchObject({ title: 'b1', tone: 'danger' });
    expect(page.attempts.length).toBeGreaterThanOrEqual(5);
    expect(page.attempts[0]).toMatchObject({ about: [{ ref: 'agent/p1', title: 'p1' }], tone: 'danger' });
    expect(page.why?.answer).toContain('it is reopened');
    const answer = await post<SendAnswer>('entities/bead/b1/events', { event: 'REOPEN', reason: 'the model is back' });
    expect(answer.state).toMatch(/^(open|in_progress)/);
    const row = w.town.log({ type: 'REOPEN' })[0];
    expect(row).toMatchObject({
      by: 'operator:inspector',
      reason: 'the model is back',
      event: { reason: 'the model is back' },
    });
    expect(needs(await get<OverviewView>('overview'))).toEqual([]);
  });

  it('shows the count of failed starts beside the button that resets it', async () => {
    const { w, get, post } = await inspected({ beads: [], policy: { backoffMs: [5 * MINUTE] } });
    await using _ = w;
    w.container.onStart = async () => ({ kind: 'refused', reason: 'no slot', permanent: false });
    await w.create('b2');
    const { attempts } = await get<OutboxView>('outbox');
    expect(attempts.map(({ line, reset }) => [line.ref, line.attempts?.value, reset?.label])).toEqual(
      expect.arrayContaining([
        ['bead/b2', 1, 'Reset attempts'],
        ['agent/p1', 1, 'Reset attempts'],
      ]),
    );
    const page = await get<EntityPage>('entities/bead/b2');
    const counter = page.facts.find(({ label }) => label === 'failed starts');
    expect(counter).toEqual({ label: 'failed starts', kind: 'counter', value: 1, max: 5, reset: 'RESET' });
    w.container.onStart = async () => w.container.accepts();
    await post('entities/bead/b2/events', { event: 'RESET' });
    await post('entities/agent/p1/events', { event: 'RESET' });
    await w.settle();
    expect(w.bead('b2').context.startFailures).toBe(0);
  });

  it('shows an agent with heartbeat, bead and last message, and offers no message of the charts', async () => {
    const { w, get, post } = await inspected();
    await using _ = w;
    await w.pass(SECOND);
    await w.env.until(w.container.beat(w.latest()));
    const { context } = w.agent();
    await w.tell('agent/p1', { type: 'PROGRESS', epoch: Number(context.epoch), note: 'runs the tests' });
    const beatAt = w.env.clock.now();
    await w.pass(10 * SECOND);
    const page = await get<EntityPage>('entities/agent/p1');
    expect(page.line).toMatchObject({ tone: 'live', note: 'runs the tests', link: { ref: 'bead/b1', title: 'b1' } });
    expect(page.facts).toContainEqual({ label: 'last heartbeat', kind: 'age', at: beatAt });
    expect(page.facts).toContainEqual({ label: 'container', kind: 'ref', ref: 'container/local', title: 'local' });
    expect(page.actions.map(({ event }) => event)).toEqual([
      'RESET',
      'PAUSE',
      'RESUME',
      'MESSAGE',
      'TAKE_OVER',
      'STOP',
    ]);
    expect(await post('entities/agent/p1/events', { event: 'ASSIGN', payload: { bead: 'b1' } })).toMatchObject({
      code: 'not_accepted',
    });
    const born = page.attempts[0]?.startedAt ?? 0;
    expect(born).toBeGreaterThan(0);
    const moment = await get<MomentView>('entities/agent/p1/at/9');
    expect(moment).toMatchObject({ ref: 'agent/p1', exact: true });
  });

  it('tells which runner is away', async () => {
    const { w, get } = await inspected();
    await using _ = w;
    expect((await get<EntityPage>('entities/container/local')).line.note).toBeNull();
    w.container.connected = false;
    // Answers are kept until something is logged.
    await w.tell('agent/p1', { type: 'PAUSE' });
    const { line, facts } = await get<EntityPage>('entities/container/local');
    expect(line.note).toBe('not connected');
    expect(facts).toContainEqual(expect.objectContaining({ label: 'runner', value: 'not connected', tone: 'warn' }));
    await w.tell('container/local', { type: 'DRAIN' });
    expect((await get<EntityPage>('entities/container/local')).line.note).toBeNull();
  });

  it('tells of the breaker: what it counted, what it holds back, how to try', async () => {
    const policy = { breakerFailures: 3, breakerCoolMs: 5 * MINUTE, attemptsMax: 10, dispatchesMax: 100 };
    const { w, get } = await inspected({ agentCount: 3, beads: [], policy });
    await using _ = w;
    w.container.onStart = async () => ({ kind: 'refused', reason: 'no slot', permanent: false });
    await w.create('a', 'b');
    const before = (await get<BreakersView>('breakers')).breakers[0];
    expect(before).toMatchObject({ closed: true, max: 3, holding: null });
    expect(before?.failures.map(({ ref, text }) => [ref, text])).toEqual([
      ['bead/a', expect.stringContaining('no slot')],
      ['bead/b', expect.stringContaining('no slot')],
    ]);
    await w.create('c', 'd');
    const { breakers } = await get<BreakersView>('breakers');
    expect(breakers[0]).toMatchObject({ closed: false, reason: 'too many starts failed' });
    expect(breakers[0]?.holding).toEqual({ machine: 'bead', state: 'open.ready', count: 1 });
    expect(breakers[0]?.actions.map(({ label }) => label)).toEqual(['Try now', 'Pause']);
    expect(breakers[0]?.history[0]).toMatchObject({ after: 'open' });
    const overview = await get<OverviewView>('overview');
    expect(overview.chips).toEqual([
      { text: 'Breaker open: too many starts failed', tone: 'warn', ref: 'breaker/town' },
    ]);
    expect(needs(overview)).toEqual([['breaker/town', 'Breaker is open: too many starts failed.']]);
  });

  it('orders beads in waves by what they wait for', async () => {
    const { w, get } = await inspected({ beads: [] });
    await using _ = w;
    const bead = (id: string, ...dependsOn: string[]) => ({ id, title: `Bead ${id}`, dependsOn });
    await w.create(bead('a'), bead('b', 'a'), bead('c', 'b'), bead('d', 'a'));
    const [waves] = (await get<OverviewView>('overview')).waves;
    expect(waves?.waves.map(({ lines }) => lines.map(({ id }) => id))).toEqual([['a'], ['b', 'd'], ['c']]);
  });
});
