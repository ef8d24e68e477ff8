/** The demo's scripted agent: what a town sees of it, when it behaves and when it is told not to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProject, DEMO, type Project } from './project.ts';

// Real processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 20_000 });

type Received = { readonly url: string | undefined; readonly headers: IncomingHttpHeaders; readonly body: object };

const received: Received[] = [];
const children: ChildProcess[] = [];
let server: Server;
let answer = 202;
let project: Project;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request.setEncoding('utf8')) text += piece;
    received.push({ url: request.url, headers: request.headers, body: JSON.parse(text) });
    response.writeHead(answer, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

beforeEach(async () => {
  received.length = 0;
  answer = 202;
  project = await createProject();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await project.remove();
});

function start(bead: string, environment: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = launch(bead, environment);
  child.stdin.end(`Do ${bead}\nas well as you can.\n`);
  return child;
}

function launch(bead: string, environment: Readonly<Record<string, string>>) {
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, [`${DEMO}/agent.mjs`], {
    cwd: project.path,
    env: {
      PATH: process.env.PATH,
      YARDMASTER_BEAD: bead,
      YARDMASTER_EPOCH: '7',
      YARDMASTER_AGENT: 'toast',
      YARDMASTER_API_URL: `http://127.0.0.1:${port}`,
      YARDMASTER_TOKEN: 'token-of-this-run',
      ...environment,
    },
  });
  children.push(child);
  return child;
}

/** Waits for the end of an agent: its exit code, and all that it wrote to standard error. */
async function ending(child: ChildProcess): Promise<{ code: number | null; errors: string }> {
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (piece) => {
    errors += piece;
  });
  child.stdout?.resume();
  const [code] = await once(child, 'close');
  return { code, errors };
}

const commits = async () => (await project.git('log', '--format=%an: %s', 'main..HEAD')).split('\n').filter(Boolean);

describe('an agent that behaves', () => {
  it('edits, tests, commits, and reports progress and done with its epoch and token', async () => {
    await project.branch('attempt/slugify/7');
    expect(await ending(start('slugify'))).toEqual({ code: 0, errors: '' });
    expect(await commits()).toEqual(['Demo agent toast: Add slugify: names that are safe in addresses']);
    expect(await project.git('status', '--short')).toBe('');
    expect(received.map(({ body }) => body)).toEqual([
      { type: 'progress', epoch: 7, note: 'editing src/slugify.js, test/slugify.js' },
      { type: 'progress', epoch: 7, note: 'running the tests' },
      { type: 'done', epoch: 7, result: 'completed', summary: 'Add slugify: names that are safe in addresses' },
    ]);
    for (const { url, headers } of received) {
      expect(url).toBe('/api/v1/agents/toast/events');
      expect(headers).toMatchObject({ authorization: 'Bearer token-of-this-run', 'content-type': 'application/json' });
    }
    expect(received.map(({ headers }) => headers['idempotency-key'])).toEqual(['toast-7-1', 'toast-7-2', 'toast-7-3']);
  });

  it('reports failed work, commits nothing and exits 1 when the tests fail', async () => {
    await project.branch('attempt/price-rounding/7');
    expect((await ending(start('price-rounding'))).code).toBe(1);
    expect(await commits()).toEqual([]);
    expect(received.at(-1)?.body).toEqual({
      type: 'failed',
      epoch: 7,
      class: 'work',
      reason: 'the tests fail: the books round half a cent to the even side',
    });
  });

  it('reports a permanent failure for a bead that it does not know', async () => {
    expect((await ending(start('unheard-of'))).code).toBe(1);
    expect(received.map(({ body }) => body)).toMatchObject([{ type: 'failed', class: 'permanent' }]);
  });

  it('does its work although the town does not answer, and says so', async () => {
    answer = 503;
    await project.branch('attempt/word-count/7');
    const { code, errors } = await ending(start('word-count'));
    expect(code).toBe(0);
    expect(errors).toContain('done was answered 503');
    expect(await commits()).toHaveLength(1);
    // The same report keeps its key, so that a town that did take it takes it once.
    expect(new Set(received.map(({ headers }) => headers['idempotency-key'])).size).toBe(3);
  });
});

describe('an agent that DEMO_FAULT makes misbehave', () => {
  const faults = (list: readonly (string | null)[], attempt: string) => ({
    DEMO_FAULT: JSON.stringify({ slugify: list }),
    YARDMASTER_ATTEMPT: attempt,
  });

  it('crashes with half an edit, an error and exit code 7, and behaves at the next attempt', async () => {
    await project.branch('attempt/slugify/7');
    const { code, errors } = await ending(start('slugify', faults(['crash', null], '1')));
    expect(code).toBe(7);
    expect(errors).toContain('crashed in the middle of src/slugify.js');
    expect(await project.git('status', '--short')).toBe('?? src/slugify.js\n');
    expect(received).toEqual([]);
    expect((await ending(start('slugify', faults(['crash', null], '2')))).code).toBe(0);
  });

  it('counts the branches of its bead when nobody tells it the attempt', async () => {
    const environment = { DEMO_FAULT: JSON.stringify({ slugify: ['empty', 'crash'] }) };
    await project.branch('attempt/slugify/7');
    expect((await ending(start('slugify', environment))).code).toBe(0);
    await project.branch('attempt/slugify/8');
    expect((await ending(start('slugify', environment))).code).toBe(7);
  });

  it('ends without having done or said anything', async () => {
    expect(await ending(start('slugify', faults(['empty'], '1')))).toEqual({ code: 0, errors: '' });
    expect(await project.git('status', '--short')).toBe('');
    expect(received).toEqual([]);
  });

  it('is silent, and deaf to TERM: only KILL ends it', async () => {
    const child = launch('slugify', faults(['silent'], '1'));
    const ended = ending(child);
    // More than a pipe holds, so what is written is being read: first before TERM, then after it.
    const write = promisify(child.stdin.write.bind(child.stdin) as (text: string, done: () => void) => void);
    await write('x'.repeat(1_000_000));
    child.kill('SIGTERM');
    await write('x'.repeat(1_000_000));
    child.stdin.end();
    child.kill('SIGKILL');
    expect((await ended).errors).toBe('');
    expect(child.signalCode).toBe('SIGKILL');
    expect(received).toEqual([]);
  });
});
