/** The rows of `docs/RUNTIMES.md` for kilo and opencode that no recording holds: what becomes of a turn. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { VirtualHost } from '../virtual-host.ts';
import { type FakeServer, SESSION } from './fake-server.ts';
import { Stage } from './stage.ts';

let host: VirtualHost;
let server: FakeServer;
let run: Stage['run'];
let works: Stage['works'];

beforeEach(() => {
  ({ host, server, run, works } = new Stage());
});

describe('a turn', () => {
  it('that is answered while git shows work is the end', async () => {
    works();
    expect(await run()).toMatchObject({ outcome: 'completed', tail: 'It is made.' });
    expect(host.events.map(({ kind }) => kind)).toEqual(['session', 'accepted', 'usage', 'output', 'ended']);
    expect(host.events[2]).toEqual({ kind: 'usage', tokens: 120, costUsd: 0.25 });
    expect(host.waiting).toBe(0);
  });

  it('is not ended by an idle that comes before the prompt is worked on', async () => {
    server.onPrompt = (id) => {
      server.emit('session.idle', {});
      host.after(2_000, () => {
        server.take(id);
        server.answer(id);
        host.work = () => 'reported';
        server.idle();
      });
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
  });

  it('is judged by its own messages, not by those of an earlier turn', async () => {
    server.answer('msg_earlier');
    server.onPrompt = (id) => {
      server.take(id);
      server.idle();
      host.after(2_000, () => {
        server.answer(id);
        host.work = () => 'evident';
        server.idle();
      });
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
    expect(server.posts('/prompt_async')).toHaveLength(1);
  });

  it('that is cut off is not the end, although git shows work', async () => {
    host.work = () => 'evident';
    server.onPrompt = (id) => {
      server.take(id);
      server.answer(id, { finish: server.posts('/prompt_async').length === 1 ? 'length' : 'stop' });
      server.idle();
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
    expect(JSON.stringify(server.posts('/prompt_async')[1]?.body.parts)).toContain('cut off');
  });

  it('that ends in an error before its message is whole is that error', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      server.emit('session.error', { error: { name: 'APIError', data: { message: 'No', statusCode: 403 } } });
      server.idle();
    };
    expect(await run()).toMatchObject({ failure: 'permanent', reason: expect.stringMatching(/403.*forbids/) });
  });

  it('that ends without any message is lost, and may be tried again', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      server.idle();
    };
    expect(await run()).toMatchObject({ failure: 'transient', reason: expect.stringMatching(/no message answers/) });
  });

  it('goes on through steps that end in tool calls', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      server.answer(id, { finish: 'tool-calls' });
      server.idle();
      host.after(3_000, () => {
        server.answer(id);
        host.work = () => 'evident';
        server.idle();
      });
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
  });

  it('whose events all get lost is still found ended', async () => {
    server.onPrompt = (id) => {
      server.breakFeed();
      server.onCall = (path) => (path === '/event' ? new Promise(() => {}) : undefined);
      server.take(id);
      server.answer(id);
      host.work = () => 'evident';
      delete server.statuses[SESSION];
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
  });

  it('that says nothing is given up and aborted', async () => {
    server.onPrompt = (id) => server.take(id);
    expect(await run()).toMatchObject({ failure: 'transient', reason: 'nothing was heard for 60 s' });
    expect(server.posts('/abort')).toHaveLength(1);
    expect(host.waiting).toBe(0);
  });

  it('may be silent for long while a tool runs', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      const part = { id: 'prt_t', messageID: 'msg_t', type: 'tool', tool: 'bash', state: { status: 'running' } };
      server.emit('message.part.updated', { part });
      host.after(300_000, () => {
        server.emit('message.part.updated', { part: { ...part, state: { status: 'completed', output: 'passed' } } });
        server.answer(id);
        host.work = () => 'evident';
        server.idle();
      });
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
  });

  it('is not kept alive by the heartbeat of the server', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      const beat = () => {
        server.emit('server.heartbeat', { sessionID: undefined });
        if (host.events.at(-1)?.kind !== 'ended') host.after(10_000, beat);
      };
      beat();
    };
    expect(await run()).toMatchObject({ failure: 'transient' });
  });
});

describe('a retry of the runtime', () => {
  const retry = (attempt: number, message: string) =>
    server.emit('session.status', { status: { type: 'retry', attempt, message, next: host.now() + 30_000 } });

  it('because of too many requests is a throttle until the next try', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      retry(1, 'Too Many Requests');
      host.after(30_000, () => {
        server.answer(id);
        host.work = () => 'evident';
        server.idle();
      });
    };
    const began = host.now();
    expect(await run()).toMatchObject({ outcome: 'completed' });
    const throttled = host.events.find(({ kind }) => kind === 'throttled');
    expect(throttled).toEqual({ kind: 'throttled', untilMs: began + 30_000, reason: 'Too Many Requests' });
  });

  it('is waited for before silence is counted', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      retry(1, 'Rate limited');
    };
    const began = host.now();
    await run();
    expect(host.now() - began).toBeGreaterThanOrEqual(90_000);
  });

  it('beyond the limit ends the turn', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      retry(3, 'Service Unavailable');
    };
    expect(await run()).toMatchObject({ failure: 'transient', reason: 'Service Unavailable (after 2 retries)' });
    expect(server.posts('/abort')).toHaveLength(1);
  });

  it('for ever, in empty steps, is a loop that is ended', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      const tokens = { input: 0, output: 0 };
      for (let step = 0; step < 3; step += 1) server.answer(id, { finish: 'unknown', tokens, cost: 0 }, []);
    };
    expect(await run()).toMatchObject({ failure: 'transient', reason: expect.stringMatching(/no answer of a model/) });
    expect(server.posts('/abort')).toHaveLength(1);
  });

  it('tells of the reset that a refused call names', async () => {
    server.onPrompt = (id) => {
      server.take(id);
      const data = { message: 'Slow down', statusCode: 429, responseHeaders: { 'retry-after': '120' } };
      server.emit('session.error', { error: { name: 'APIError', data } });
      server.answer(id, { error: { name: 'APIError', data } });
      server.idle();
    };
    const began = host.now();
    expect(await run()).toMatchObject({ failure: 'transient', reason: 'status 429: Slow down' });
    expect(host.events).toContainEqual({ kind: 'throttled', untilMs: began + 120_000, reason: 'Slow down' });
  });
});
