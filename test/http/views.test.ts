/** What can be looked at: the town, its log in pages, moments of the past, reasons, figures. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { metricsText } from '../../src/http/metrics-text.ts';
import { plainText } from '../../src/http/plain-text.ts';
import { decided, type Harness, harness, type Json } from './harness.ts';

let api: Harness;
beforeEach(async () => {
  api = await harness({ beads: ['b1', 'b2'], agentCount: 1 });
});
afterEach(() => api[Symbol.asyncDispose]());

const list = async (path: string) => (await api.get(path)).body.items as Json[];

describe('views', () => {
  it('show the town, its containers, rigs, breaker and policy', async () => {
    expect((await api.get('/town')).body).toMatchObject({
      ...{ name: 'town', breaker: { state: 'closed.available' }, health: { ok: true } },
      working: [{ agent: 'p1', bead: 'b1' }],
    });
    expect((await api.get('/breaker')).body).toMatchObject({ ref: 'breaker/town' });
    expect((await api.get('/containers/local')).body).toMatchObject({ ref: 'container/local', state: 'up' });
    expect((await api.get('/rigs/r')).body).toMatchObject({ ref: 'rig/r', context: { config: { branch: 'main' } } });
    expect((await api.get('/policy')).body).toMatchObject({ attemptsMax: 5, jitter: 0 });
  });

  it('show what a rig drives, and what all rigs share, never a secret', async () => {
    const config = { path: '/nowhere', runtime: { driver: 'kilo', model: 'code', key: 'env:KILO_TOKEN' } };
    expect((await api.ask('PUT', '/rigs/driven', { body: config })).status).toBe(200);
    const shared = { gateway: 'kilo=https://kilo.test', permissions: 'ask', silenceMs: '90s' };
    expect((await api.ask('PUT', '/runtime', { body: shared })).body).toMatchObject({ entity: 'town/town' });
    expect((await api.get('/runtime')).body).toEqual({
      runtime: { gateway: { api: 'kilo', url: 'https://kilo.test' }, permissions: 'ask', silenceMs: 90_000 },
    });
    const { rigs } = (await api.get('/town')).body as { rigs: Json[] };
    expect(rigs.find(({ id }) => id === 'driven')).toMatchObject({
      ...{ state: 'active', reason: null, nextLookAt: null },
      runtime: 'kilo code over https://kilo.test with the key of KILO_TOKEN',
    });
    const pasted = await api.ask('PUT', '/rigs/driven', { body: { ...config, runtime: { key: 'sk-pasted-by-hand' } } });
    expect([pasted.status, JSON.stringify(pasted.body).includes('sk-pasted')]).toEqual([422, false]);
    const both = await api.ask('PUT', '/rigs/driven', { body: { ...config, argv: ['agent'] } });
    expect(both.body.detail).toContain('give it one of them');
    expect((await api.ask('PUT', '/runtime', { body: {} })).status).toBe(200);
    expect((await api.get('/runtime')).body).toEqual({ runtime: null });
    expect((await api.post('/rigs/driven/reset')).body.code).toBe('not_accepted');
  });

  it('page through the log in both directions without a gap', async () => {
    const head = api.world.town.status().seq;
    const all = async (first: string) => {
      const seqs: unknown[] = [];
      for (let path: string | undefined = first; path; ) {
        const page = await api.get(path);
        seqs.push(...(page.body.items as Json[]).map(({ seq }) => seq));
        path = /<\/api\/v1([^>]+)>/.exec(page.headers.get('link') ?? '')?.[1];
      }
      return seqs;
    };
    const expected = Array.from({ length: head }, (_, index) => index + 1);
    expect(await all('/log?order=asc&limit=4')).toEqual(expected);
    expect(await all('/log?limit=4')).toEqual([...expected].reverse());
    expect((await list('/log?machine=bead&order=asc')).map(({ entity }) => entity)).toEqual(
      expect.arrayContaining(['bead/b1', 'bead/b2']),
    );
    expect(await list('/log?entity=bead/b2&type=xstate.init')).toMatchObject([
      { entity: 'bead/b2', after: 'open.ready' },
    ]);
  });

  it('show rejected events with their reason', async () => {
    await api.post('/beads/b2/release');
    expect(await list('/log?rejected=true')).toMatchObject([
      { entity: 'bead/b2', rejected: expect.stringMatching(/RELEASE/) },
    ]);
  });

  it('show timers and effects, of all and of one', async () => {
    expect(await list('/timers')).toEqual(expect.arrayContaining([expect.objectContaining({ entity: 'agent/p1' })]));
    expect((await list('/timers?entity=agent/p1')).every(({ entity }) => entity === 'agent/p1')).toBe(true);
    expect(await list('/outbox?entity=agent/p1')).toMatchObject([{ type: 'startRun', status: 'done' }]);
    expect(await list('/outbox?status=dead')).toEqual([]);
  });

  it('show the past by replay', async () => {
    const [birth] = await list('/entities/bead/b1/history');
    const then = await api.get(`/entities/bead/b1/state?seq=${birth?.seq}`);
    expect(then.body).toMatchObject({ entity: 'bead/b1', seq: birth?.seq, state: 'open.ready' });
    expect((await api.get('/entities/bead/b1')).body.substate).toBe('in_progress.starting');
  });

  it('say why, by machine and id or by id alone', async () => {
    expect((await api.get('/why/b2')).body).toMatchObject({ entity: 'bead/b2', answer: expect.any(String) });
    expect((await api.get('/why/p1')).body).toMatchObject({ entity: 'agent/p1' });
    expect((await api.get('/why/container/local')).body).toMatchObject({ entity: 'container/local' });
  });

  it('show an escalation whose id has a slash, and take its acknowledgement', async () => {
    await api.post('/entities/escalation/bead%2Fb1:stuck/events', {
      ...{ type: 'RAISE', subject: 'bead/b1', cause: 'stuck', message: 'look at it' },
    });
    expect(await list('/escalations?state=raised')).toMatchObject([{ id: 'bead/b1:stuck' }]);
    expect((await api.post('/escalations/bead%2Fb1:stuck/acknowledge')).body.state).toBe('acknowledged');
    expect((await api.post('/escalations/bead%2Fb1:stuck/resolve')).body.state).toBe('resolved');
  });

  it('change the policy as a whole or not at all', async () => {
    const changed = await api.ask('PATCH', '/policy', { body: { attemptsMax: 7 } });
    expect([changed.status, changed.body.attemptsMax]).toEqual([200, 7]);
    const related = await api.ask('PATCH', '/policy', { body: { leaseMs: 31_000 } });
    expect([related.status, related.body.detail]).toEqual([422, expect.stringContaining('leaseMs')]);
    for (const body of [{ attempsMax: 7 }, { attemptsMax: 11 }, { attemptsMax: 'many' }]) {
      expect((await api.ask('PATCH', '/policy', { body })).status).toBe(422);
    }
    expect((await api.get('/policy')).body.attemptsMax).toBe(7);
  });

  it("show a run's output as text without what a terminal would obey", async () => {
    const epoch = api.world.latest().epoch;
    expect((await api.get(`/agents/p1/runs/${epoch}/output`)).status).toBe(404);
    api.world.town.outputPiece = async (_, { maxBytes }) => {
      return { text: `\u001b[31mred\u001b[0m ${maxBytes}\n`, fromByte: 0, nextByte: 17, endByte: 17 };
    };
    const answer = await api.get(`/agents/p1/runs/${epoch}/output?maxBytes=100`);
    expect([answer.text, answer.headers.get('content-type')]).toEqual([
      'red 100\n',
      expect.stringContaining('text/plain'),
    ]);
  });

  it('tell readiness by the health of the town', async () => {
    expect((await api.get('/readyz', { token: null })).status).toBe(200);
    const { status } = api.world.town;
    api.world.town.status = () => ({ ...status(), health: { ok: false, degraded: 'the disk is full' } });
    const answer = await api.get('/readyz', { token: null });
    expect([answer.status, answer.body]).toEqual([503, { status: 'degraded', degraded: 'the disk is full' }]);
    expect((await api.get('/healthz', { token: null })).status).toBe(200);
  });
});

describe('figures', () => {
  it('count entities, effects, timers, commits and rejections in the text format of Prometheus', async () => {
    await api.post('/beads/b2/release');
    await api.post('/beads/b2/hold');
    await decided(api.world, api.world.settle());
    const { text, headers } = await api.get('/metrics');
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = text.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'yardmaster_entities{machine="bead",state="open.held"} 1',
        'yardmaster_breaker{state="closed.available"} 1',
        'yardmaster_timers_overdue 0',
        'yardmaster_outbox{status="dead"} 0',
        `yardmaster_log_seq ${api.world.town.status().seq}`,
        'yardmaster_escalations_open 0',
        'yardmaster_healthy 1',
        '# TYPE yardmaster_commits_total counter',
        'yardmaster_events_rejected_total 1',
      ]),
    );
    for (const line of lines.filter((one) => one !== '')) {
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="[^"]*",?)+\})? \d+(\.\d+)?)$/);
    }
  });

  it('escape what stands in labels', () => {
    const sample = { labels: { state: 'a"b\\c\nd' }, value: 1 };
    expect(metricsText([{ name: 'x', help: 'X.', type: 'gauge', samples: [sample] }])).toContain(
      'x{state="a\\"b\\\\c\\nd"} 1',
    );
  });
});

describe('text of strangers', () => {
  it('loses colours, titles, links, the clipboard and lone control characters', () => {
    const text =
      'a\u001b[1;31mb\u001b[0m\u001b]0;title\u0007c\u001b]8;;http://x\u001b\\d\u001b]8;;\u001b\\\u0008e\r\n\tf\u009b31m';
    expect(plainText(text)).toBe('abcde\n\tf');
    expect(plainText('\u001b]52;c;aGk=\u0007')).not.toMatch(/\p{Cc}/u);
  });
});
