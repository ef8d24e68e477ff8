/** Who may do what: every route for every kind of caller, and what a run's token opens. */
import { afterEach, describe, expect, it } from 'vitest';
import { decided, type Harness, harness } from './harness.ts';

let api: Harness;
afterEach(() => api[Symbol.asyncDispose]());

/** Two agents that work: `p1` on `b1`, `p2` on `b2`. */
async function workingTown() {
  const made = await harness({ agentCount: 2, beads: [] });
  await made.post(
    '/beads',
    ['b1', 'b2'].map((id) => ({ id, title: id })),
  );
  await made.world.settle();
  for (const run of made.world.container.starts) await decided(made.world, made.world.container.beat(run));
  const runs = made.world.container.starts.map(({ agent, bead, epoch, api: access }) => {
    return { agent, bead, epoch, token: access?.token ?? '' };
  });
  const [first, second] = runs;
  if (!first || !second) throw new Error('two runs should have begun');
  return { made, first, second };
}

describe('the status of each route for each caller', () => {
  it('is as the matrix says', async () => {
    const { made, first, second } = await workingTown();
    api = made;
    const report = { type: 'progress', epoch: first.epoch, note: 'half' };
    const rig = { path: '/srv/project', argv: ['agent'] };
    // method, path, body, then the status for: operator, own run, other run, unknown token, no token
    const matrix: [string, string, unknown, number[]][] = [
      ['POST', '/beads', { title: 'new' }, [201, 403, 403, 401, 401]],
      ['GET', '/beads', undefined, [200, 403, 403, 401, 401]],
      ['GET', `/beads/${first.bead}`, undefined, [200, 200, 403, 401, 401]],
      ['POST', `/beads/${first.bead}/retry`, {}, [409, 403, 403, 401, 401]],
      ['GET', '/agents', undefined, [200, 403, 403, 401, 401]],
      ['GET', `/agents/${first.agent}`, undefined, [200, 200, 403, 401, 401]],
      ['POST', '/agents', { id: 'p9', rig: 'r' }, [201, 403, 403, 401, 401]],
      ['POST', `/agents/${first.agent}/reset-attempts`, {}, [200, 403, 403, 401, 401]],
      ['POST', `/agents/${first.agent}/pause`, {}, [200, 403, 403, 401, 401]],
      ['POST', `/agents/${first.agent}/resume`, {}, [200, 403, 403, 401, 401]],
      ['POST', `/agents/${first.agent}/events`, report, [200, 200, 403, 401, 401]],
      ['GET', `/agents/${first.agent}/runs/${first.epoch}/output`, undefined, [404, 403, 403, 401, 401]],
      ['POST', `/agents/${first.agent}/calls/progress`, { note: 'x' }, [403, 200, 403, 401, 401]],
      ['POST', `/agents/${first.agent}/mcp`, { jsonrpc: '2.0', id: 1, method: 'ping' }, [403, 406, 403, 401, 401]],
      ['GET', '/containers', undefined, [200, 403, 403, 401, 401]],
      ['GET', '/containers/local', undefined, [200, 403, 403, 401, 401]],
      ['GET', '/rigs', undefined, [200, 403, 403, 401, 401]],
      ['GET', '/rigs/r', undefined, [200, 403, 403, 401, 401]],
      ['PUT', '/rigs/second', rig, [200, 403, 403, 401, 401]],
      ['POST', '/rigs/r/pause', {}, [200, 403, 403, 401, 401]],
      ['GET', '/town', undefined, [200, 403, 403, 401, 401]],
      ['POST', '/town/pause', {}, [200, 403, 403, 401, 401]],
      ['POST', '/town/resume', {}, [200, 403, 403, 401, 401]],
      ['GET', '/breaker', undefined, [200, 403, 403, 401, 401]],
      ['POST', '/breaker/reset', {}, [409, 403, 403, 401, 401]],
      ['GET', '/escalations', undefined, [200, 403, 403, 401, 401]],
      ['POST', '/escalations/none/resolve', {}, [404, 403, 403, 401, 401]],
      ['GET', '/entities/bead/b1', undefined, [200, 403, 403, 401, 401]],
      ['GET', '/entities/bead/b1/history', undefined, [200, 403, 403, 401, 401]],
      ['GET', '/entities/bead/b1/state?seq=1', undefined, [404, 403, 403, 401, 401]],
      ['POST', '/entities/rig/r/events', { type: 'RESUME' }, [200, 403, 403, 401, 401]],
      ['GET', '/log', undefined, [200, 403, 403, 401, 401]],
      ['GET', '/timers', undefined, [200, 403, 403, 401, 401]],
      ['GET', '/outbox', undefined, [200, 403, 403, 401, 401]],
      ['GET', '/why/b1', undefined, [200, 403, 403, 401, 401]],
      ['GET', '/why/agent/p1', undefined, [200, 403, 403, 401, 401]],
      ['GET', '/policy', undefined, [200, 403, 403, 401, 401]],
      ['PATCH', '/policy', { attemptsMax: 6 }, [200, 403, 403, 401, 401]],
      ['GET', '/metrics', undefined, [200, 403, 403, 401, 401]],
      ['GET', '/healthz', undefined, [200, 200, 200, 200, 200]],
      ['GET', '/readyz', undefined, [200, 200, 200, 200, 200]],
      ['GET', '/openapi.json', undefined, [200, 200, 200, 200, 200]],
      ['POST', `/beads/${first.bead}/hold`, {}, [200, 403, 403, 401, 401]],
    ];
    const tokens = [undefined, first.token, second.token, `ymr_${'x'.repeat(43)}`, null];
    for (const [method, path, body, expected] of matrix) {
      const statuses: number[] = [];
      // The operator last: what it does may end the runs.
      for (const token of [...tokens.slice(1), tokens[0]]) {
        api.world.env.advance(100);
        statuses.push((await api.ask(method, path, { token, body })).status);
      }
      expect([method, path, [statuses[4], ...statuses.slice(0, 4)]]).toEqual([method, path, expected]);
      for (const run of [first, second]) await decided(api.world, api.world.container.beat(run));
    }
  });
});

describe('the token of a run', () => {
  it('takes its bead to its end: heartbeat, progress, usage, done', async () => {
    const { made, first } = await workingTown();
    api = made;
    const report = (body: object) =>
      api.post(`/agents/${first.agent}/events`, { ...body, epoch: first.epoch }, { token: first.token });
    expect((await report({ type: 'heartbeat', active: true })).status).toBe(200);
    expect((await report({ type: 'progress', note: 'tests pass' })).status).toBe(200);
    expect((await report({ type: 'usage', tokens: 1_200, costUsd: 0.4 })).status).toBe(200);
    expect((await api.get(`/agents/${first.agent}`)).body).toMatchObject({
      context: { note: 'tests pass', tokens: 1_200, costUsd: 0.4 },
    });
    const done = await report({ type: 'done', result: 'completed', summary: 'all done' });
    expect(done.body).toMatchObject({ entity: `agent/${first.agent}`, state: 'exited.completed' });
    await api.world.settle();
    expect(api.world.bead(first.bead).state).toBe('closed.merged');
    const said = await api.get(`/log?entity=agent/${first.agent}&type=DONE`);
    expect(said.body.items).toMatchObject([{ by: `agent/${first.agent}#${first.epoch}` }]);
  });

  it('says failed with its kind', async () => {
    const { made, first } = await workingTown();
    api = made;
    const body = { type: 'failed', epoch: first.epoch, class: 'permanent', reason: 'no such file' };
    expect((await api.post(`/agents/${first.agent}/events`, body, { token: first.token })).status).toBe(200);
    expect(api.world.bead(first.bead).state).toBe('failed.permanent');
  });

  it('of an older epoch is answered stale_epoch, whatever epoch the report claims', async () => {
    const { made, first } = await workingTown();
    api = made;
    await decided(api.world, api.world.container.exit(first, 1, 0));
    await api.world.pass(60_000);
    const later = api.world.container.starts.filter(({ agent }) => agent === first.agent).at(-1);
    expect(later?.epoch).toBeGreaterThan(first.epoch);
    for (const epoch of [first.epoch, later?.epoch]) {
      const body = { type: 'done', epoch };
      const answer = await api.post(`/agents/${first.agent}/events`, body, { token: first.token });
      expect([answer.status, answer.body.code]).toEqual([409, 'stale_epoch']);
    }
    expect((await api.get(`/agents/${first.agent}`, { token: first.token })).status).toBe(401);
  });

  it('can not speak for another epoch, another agent or another bead', async () => {
    const { made, first, second } = await workingTown();
    api = made;
    const path = `/agents/${first.agent}/events`;
    const { token } = first;
    const other = await api.post(path, { type: 'done', epoch: first.epoch + 100 }, { token });
    expect([other.status, other.body.code]).toEqual([403, 'forbidden']);
    const elsewhere = await api.post(
      `/agents/${second.agent}/events`,
      { type: 'done', epoch: second.epoch },
      { token },
    );
    expect(elsewhere.status).toBe(403);
    const forged = await api.post(path, { type: 'done', epoch: first.epoch, bead: second.bead }, { token });
    expect([forged.status, forged.body.detail]).toEqual([422, expect.stringContaining('body.bead')]);
    expect(api.world.agent(second.agent).state).toMatch(/^working/);
  });

  it('may not say what only a container says', async () => {
    const { made, first } = await workingTown();
    api = made;
    const body = { type: 'exited', epoch: first.epoch, code: 0 };
    const answer = await api.post(`/agents/${first.agent}/events`, body, { token: first.token });
    expect(answer.status).toBe(422);
    expect(answer.body.detail).toContain('heartbeat, progress, usage, done, failed or message_taken');
  });
});

describe('tokens', () => {
  it('are refused whatever is wrong with them, and never in an address', async () => {
    api = await harness({ beads: [], agentCount: 0 });
    const wrong = ['', 'x', OPERATOR_LIKE, 'ü'.repeat(10), 'a'.repeat(8_000)];
    for (const token of wrong) {
      const headers = { authorization: `Bearer ${encodeURI(token)}` };
      const answer = await api.get('/town', { token: null, headers });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="yardmaster"']);
    }
    expect((await api.get('/town', { token: null, headers: { authorization: 'Basic eDp5' } })).status).toBe(401);
    for (const query of ['token=abc', 'access_token=abc', `q=${OPERATOR_LIKE.replaceAll('x', 'o')}`]) {
      expect((await api.get(`/town?${query}`)).status).toBe(400);
    }
  });

  it('are limited in what they may ask for, each by itself', async () => {
    api = await harness({ beads: [], agentCount: 0, rate: { perSecond: 10, burst: 20 } });
    const statuses: number[] = [];
    for (let times = 0; times < 21; times += 1) statuses.push((await api.get('/policy')).status);
    expect(statuses.slice(0, 20).every((status) => status === 200)).toBe(true);
    const late = await api.get('/policy');
    expect([late.status, late.body.code, late.headers.get('retry-after')]).toEqual([429, 'rate_limited', '1']);
    expect((await api.get('/policy', { token: 'unknown' })).status).toBe(401);
    api.world.env.advance(1_000);
    expect((await api.get('/policy')).status).toBe(200);
  });
});

const OPERATOR_LIKE = `ymo_${'x'.repeat(43)}`;
