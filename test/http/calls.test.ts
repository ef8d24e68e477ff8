/** What a run asks of its town: over MCP with the official client, and as plain requests. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunSpec } from '../../src/agents/port.ts';
import { decided, type Harness, HOST, harness } from './harness.ts';

let api: Harness;
afterEach(() => api[Symbol.asyncDispose]());

/** `p1` works on `b1`, and `b2` waits. */
async function workingTown() {
  api = await harness({ agentCount: 1, beads: [] });
  await api.post('/beads', [
    { id: 'b1', title: 'Rename the flag', body: 'Everywhere, and in the docs.' },
    { id: 'b2', title: 'Later' },
  ]);
  await api.world.settle();
  const run = api.world.latest();
  await decided(api.world, api.world.container.beat(run));
  return run;
}

async function connect(run: RunSpec, token = run.api?.token ?? ''): Promise<Client> {
  const client = new Client({ name: 'agent', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(`http://${HOST}/api/v1/agents/${run.agent}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${token}`, host: HOST } },
    fetch: async (url, init) => api.app.request(new Request(url, init)),
  });
  await decided(api.world, client.connect(transport));
  return client;
}

async function callTool(client: Client, name: string, given: Record<string, unknown> = {}) {
  const result = await decided(api.world, client.callTool({ name, arguments: given }));
  const [content] = result.content as { text: string }[];
  return { text: content?.text ?? '', isError: result.isError === true };
}

describe('over MCP', () => {
  it('offers the calls with their inputs, and takes a bead to its end', async () => {
    const run = await workingTown();
    const client = await connect(run);
    const { tools } = await decided(api.world, client.listTools());
    expect(tools.map(({ name }) => name).sort()).toEqual(
      ['ask', 'bead_details', 'checkpoint', 'create_bead', 'done', 'escalate', 'failed', 'inbox', 'progress'].sort(),
    );
    expect(tools.find(({ name }) => name === 'done')?.inputSchema.required).toEqual(['summary']);
    expect(await callTool(client, 'progress', { note: 'half of it' })).toMatchObject({ text: 'Noted.' });
    expect((await callTool(client, 'bead_details')).text).toContain('Everywhere, and in the docs.');
    const done = await callTool(client, 'done', { summary: 'renamed' });
    expect(done).toMatchObject({ isError: false });
    await api.world.settle();
    expect(api.world.bead('b1').state).toBe('closed.merged');
    const said = await api.get(`/log?entity=agent/${run.agent}&type=DONE`);
    expect(said.body.items).toMatchObject([{ by: `agent/${run.agent}#${run.epoch}` }]);
  });

  it('tells an agent in words what is wrong with a call', async () => {
    const client = await connect(await workingTown());
    expect(await callTool(client, 'done', {})).toMatchObject({ isError: true });
    expect(await callTool(client, 'done', { summary: ' ' })).toMatchObject({ isError: true });
    expect(api.world.bead('b1').state).toBe('in_progress.running');
  });

  it('keeps out whoever has no token, and tells a run that was replaced so', async () => {
    const run = await workingTown();
    await expect(connect(run, 'ymr_nothing')).rejects.toThrow(/401|not known/);
    await decided(api.world, api.world.container.exit(run, 1, 0));
    await api.world.pass(60_000);
    expect(api.world.latest().epoch).toBeGreaterThan(run.epoch);
    await expect(connect(run)).rejects.toThrow(/stale_epoch|was replaced/);
  });
});

describe('as plain requests', () => {
  const plain = (run: RunSpec, call: string, body: object) =>
    api.post(`/agents/${run.agent}/calls/${call}`, body, { token: run.api?.token ?? '' });

  it('are the same calls, and none for the operator', async () => {
    const run = await workingTown();
    expect((await plain(run, 'checkpoint', { summary: 'the parser is done' })).status).toBe(200);
    expect((await api.get(`/agents/${run.agent}`)).body).toMatchObject({
      context: { note: 'checkpoint: the parser is done' },
    });
    expect((await plain(run, 'nonsense', {})).status).toBe(404);
    expect((await plain(run, 'done', { summry: 'typo' })).status).toBe(422);
    expect((await api.post(`/agents/${run.agent}/calls/done`, { summary: 'x' })).status).toBe(403);
  });

  /** A call that nobody waits for here: what it comes to is asked for later. */
  const asked = (run: RunSpec, question: string): Promise<{ answer: string }> => {
    const request = new Request(`http://${HOST}/api/v1/agents/${run.agent}/calls/ask`, {
      method: 'POST',
      headers: { host: HOST, authorization: `Bearer ${run.api?.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ question }),
    });
    return Promise.resolve(api.app.request(request)).then((answer) => answer.json() as Promise<{ answer: string }>);
  };
  const resolve = (reason: string) =>
    api.post(`/escalations/${encodeURIComponent('bead/b1:question')}/resolve`, { reason });

  it('ask waits for a person, whose words come back; who asks again goes on waiting', async () => {
    const run = await workingTown();
    const first = asked(run, 'Tabs or spaces?');
    await api.world.pass(26_000);
    expect(await first).toMatchObject({
      answer: expect.stringContaining('Nobody has answered yet'),
      settled: 'waiting',
    });
    expect(JSON.stringify((await api.get('/escalations')).body)).toContain('Tabs or spaces?');
    expect((await resolve('spaces')).status).toBe(200);
    expect((await plain(run, 'ask', { question: 'Tabs or spaces?' })).body.answer).toBe('The answer: spaces');
    const second = asked(run, 'Two or four?');
    await api.world.pass(26_000);
    expect((await second).answer).toContain('Nobody has answered yet');
    await api.post(`/escalations/${encodeURIComponent('bead/b1:question')}/resolve`, {});
    const closed = (await plain(run, 'ask', { question: 'Two or four?' })).body;
    expect(closed).toMatchObject({ settled: 'closed', answer: expect.stringContaining('decide for yourself') });
  });

  it('ask answers in the moment in which a person does', async () => {
    const run = await workingTown();
    const answer = asked(run, 'Now?');
    await api.world.settle();
    const before = api.world.env.clock.now();
    await resolve('yes');
    expect(await decided(api.world, answer)).toEqual({ answer: 'The answer: yes', settled: 'answered', text: 'yes' });
    expect(api.world.env.clock.now() - before).toBeLessThan(1_000);
  });

  it('create_bead makes one once, marked with its maker, and only so many', async () => {
    const run = await workingTown();
    const found = { title: 'A broken link', body: 'In the README.' };
    const { answer, bead } = (await plain(run, 'create_bead', found)).body;
    expect(answer).toBe(`Created ${bead}.`);
    expect((await plain(run, 'create_bead', found)).body.answer).toBe(answer);
    for (let index = 1; index < 10; index += 1) {
      expect((await plain(run, 'create_bead', { title: `more ${index}` })).status).toBe(200);
    }
    const over = await plain(run, 'create_bead', { title: 'one too many' });
    expect([over.status, over.body.code]).toEqual([409, 'conflict']);
    // Whoever did not hear the answer asks again, also when the share is used up.
    expect(await plain(run, 'create_bead', found)).toMatchObject({ status: 200, body: { answer } });
    expect((await plain(run, 'create_bead', { ...found, depends_on_mine: true })).status).toBe(409);
    const made = await api.get(`/beads?label=by-${run.agent}-${run.epoch}`);
    expect((made.body.items as unknown[]).length).toBe(10);
  });

  it('a call that is repeated under its name is answered as before, and counts once', async () => {
    const run = await workingTown();
    const named = (call: string, body: object, key: string) =>
      api.post(`/agents/${run.agent}/calls/${call}`, body, {
        token: run.api?.token ?? '',
        headers: { 'idempotency-key': key },
      });
    const first = await named('done', { summary: 'renamed' }, 'k1');
    const again = await named('done', { summary: 'renamed' }, 'k1');
    expect([first.status, again.status, again.body.answer]).toEqual([200, 200, first.body.answer]);
    expect((await named('done', { summary: 'renamed' }, 'k2')).status).toBe(409);
    expect((await named('progress', { note: 'another request' }, 'k1')).body.code).toBe('idempotency_mismatch');
    const said = await api.get(`/log?entity=agent/${run.agent}&type=DONE&rejected=false`);
    expect(said.body.items).toHaveLength(1);
  });

  it('escalate tells a person, once', async () => {
    const run = await workingTown();
    expect((await plain(run, 'escalate', { message: 'the key is in git' })).body.answer).toBe('A person is told.');
    expect((await plain(run, 'escalate', { message: 'the key is in git' })).body.answer).toContain('already');
    expect(JSON.stringify((await api.get('/escalations')).body)).toContain('the key is in git');
  });
});
