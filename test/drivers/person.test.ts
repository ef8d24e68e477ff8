/** A person in a run that goes on: messages between turns, the conversation taken over, and given back. */
import { beforeEach, describe, expect, it } from 'vitest';
import { kilo } from '../../src/drivers/kilo/driver.ts';
import { limits, request } from './requests.ts';
import type { FakeServer } from './serve/fake-server.ts';
import { never, Stage } from './serve/stage.ts';
import type { VirtualHost } from './virtual-host.ts';

let host: VirtualHost;
let server: FakeServer;
let run: Stage['run'];
let works: Stage['works'];

beforeEach(() => {
  ({ host, server, run, works } = new Stage());
});

const prompts = () => server.posts('/prompt_async').map(({ body }) => (body.parts as { text: string }[])[0]?.text);
const heard = () => host.events.flatMap((event) => (event.kind === 'heard' ? event.ids : []));
const say = (id: string, text: string) => host.say({ kind: 'message', id, text });

/** Turns that end only when a test says so, or when they are aborted. */
function hangs(): { aborted: number } {
  const seen = { aborted: 0 };
  server.onPrompt = (id) => server.take(id);
  server.onCall = (path) => {
    if (path.endsWith('/abort')) {
      seen.aborted += 1;
      host.after(0, () => server.idle());
    }
    return undefined;
  };
  return seen;
}

describe('a message', () => {
  it('waits for the end of the turn, goes with all others as one prompt, and is heard when that is taken', async () => {
    let turns = 0;
    server.onPrompt = (id) => {
      turns += 1;
      if (turns === 1) {
        say('m1', 'Use tabs.');
        say('m2', 'And no semicolons.');
        expect(heard()).toEqual([]);
      } else host.work = () => 'evident';
      server.take(id);
      server.answer(id);
      server.idle();
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
    expect(prompts()[1]).toBe('Use tabs.\n\nAnd no semicolons.');
    expect(heard()).toEqual(['m1', 'm2']);
  });

  it('that the agent read by itself is not said again', async () => {
    let turns = 0;
    server.onPrompt = (id) => {
      turns += 1;
      if (turns === 1) {
        say('m1', 'Use tabs.');
        host.say({ kind: 'withdrawn', id: 'm1' });
      } else host.work = () => 'evident';
      server.take(id);
      server.answer(id);
      server.idle();
    };
    await run();
    expect(prompts()[1]).not.toContain('tabs');
    expect(heard()).toEqual([]);
  });

  it('whose turn broke off before it was taken is said again, and not heard until then', async () => {
    let turns = 0;
    server.onPrompt = (id) => {
      turns += 1;
      if (turns === 1) say('m1', 'Use tabs.');
      // The server dies with the person's words in its hands.
      if (turns === 2) return server.processes.at(-1)?.exit({ code: 1, signal: null });
      if (turns === 4) host.work = () => 'evident';
      expect(heard()).toEqual([]);
      server.take(id);
      server.answer(id);
      server.idle();
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
    expect(prompts()).toEqual([
      expect.stringContaining('made.txt'),
      'Use tabs.',
      expect.stringMatching(/interrupted/),
      'Use tabs.',
    ]);
    expect(heard()).toEqual(['m1']);
  });

  it('that came to a run that is done was not heard', async () => {
    server.onPrompt = (id) => {
      say('m1', 'Too late.');
      server.take(id);
      server.answer(id);
      host.work = () => 'reported';
      server.idle();
    };
    expect(await run()).toMatchObject({ outcome: 'completed' });
    expect([prompts().length, heard()]).toEqual([1, []]);
  });
});

describe('a conversation that a person takes over', () => {
  it('ends the turn, prompts nothing but their words for hours, and goes on when it is given back', async () => {
    const seen = hangs();
    const ended = kilo.run(request(), host, never);
    await host.pass(5_000);
    host.say({ kind: 'takeOver' });
    await host.pass(10 * limits.toolMs);
    expect([seen.aborted, prompts().length]).toEqual([1, 1]);
    server.onPrompt = (id) => {
      server.take(id);
      server.answer(id);
      server.idle();
    };
    say('m1', 'Show me the plan.');
    await host.pass(60_000);
    expect(prompts()[1]).toBe('Show me the plan.');
    expect(heard()).toEqual(['m1']);
    works();
    host.say({ kind: 'giveBack' });
    expect(await host.until(ended)).toMatchObject({ outcome: 'completed' });
    expect(prompts()[2]).toMatch(/^A person has had this conversation, and gives it back/);
    expect(prompts()).toHaveLength(3);
  });

  it('stays theirs when a turn of theirs falls silent or fails', async () => {
    hangs();
    const ended = kilo.run(request(), host, never);
    await host.pass(5_000);
    host.say({ kind: 'takeOver' });
    say('m1', 'Think hard.');
    await host.pass(10 * limits.toolMs);
    server.onPrompt = (id) => {
      server.take(id);
      server.emit('session.error', { error: { name: 'APIError', data: { message: 'overloaded', statusCode: 500 } } });
      server.idle();
    };
    say('m2', 'Again.');
    await host.pass(60_000);
    expect(host.events.some((event) => event.kind === 'output' && event.text.startsWith('The turn came to'))).toBe(
      true,
    );
    works();
    say('m3', 'Once more.');
    await host.pass(60_000);
    expect(prompts().slice(1)).toEqual(['Think hard.', 'Again.', 'Once more.']);
    host.work = () => 'reported';
    host.say({ kind: 'giveBack' });
    expect(await host.until(ended)).toMatchObject({ outcome: 'completed' });
  });

  it('before its first turn: the task goes before their words', async () => {
    works();
    const ended = kilo.run(request(), host, never);
    host.say({ kind: 'takeOver' });
    await host.pass(5_000);
    expect(prompts()).toEqual([]);
    say('m1', 'Only the first half.');
    await host.pass(5_000);
    expect(prompts()[0]).toMatch(/Make the file made\.txt and commit it\.\n\nOnly the first half\./);
    host.work = () => 'reported';
    host.say({ kind: 'giveBack' });
    expect(await host.until(ended)).toMatchObject({ outcome: 'completed' });
  });

  it('ends when the run is to end', async () => {
    hangs();
    const stop = new AbortController();
    const ended = kilo.run(request(), host, stop.signal);
    await host.pass(5_000);
    host.say({ kind: 'takeOver' });
    await host.pass(5_000);
    stop.abort();
    expect(await host.until(ended)).toMatchObject({ outcome: 'stopped' });
    expect(host.waiting).toBe(0);
  });
});
