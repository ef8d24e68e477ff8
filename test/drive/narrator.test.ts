/** What a run tells its town, while the town is there, while it is away, and when it comes back. */
import { describe, expect, it } from 'vitest';
import { Refused, Retryable } from '../../src/core/errors.ts';
import { Narrator } from '../../src/drive/narrator.ts';
import type { CallReply } from '../../src/drive/town-line.ts';
import type { PersonInput } from '../../src/drivers/host.ts';
import { createSimulatedEnv } from '../../src/env/simulated.ts';

const MINUTE = 60_000;

/** A town that counts what it took once for each key, and can be away before or after it took something. */
function townOf() {
  const env = createSimulatedEnv({ seed: 1 });
  const town = { away: false, losesAnswers: false, refuses: false, tokens: 0, notes: [] as string[], asked: 0 };
  const keys = new Set<string | undefined>();
  const take = (report: { type?: string; note?: string; tokens?: number }, key?: string) => {
    if (report.type === 'progress') town.notes.push(report.note ?? '');
    if (key !== undefined && !keys.has(key)) town.tokens += report.tokens ?? 0;
    keys.add(key);
  };
  let reply: CallReply = { answer: '', settled: 'waiting' };
  const line = {
    async tell(report: object, key?: string) {
      if (town.away) throw new Retryable('connection refused', 0);
      if (town.refuses) throw new Refused('stale_epoch', 'replaced');
      take(report, key);
      if (town.losesAnswers) throw new Retryable('connection reset', 0);
    },
    async call() {
      town.asked += 1;
      if (town.away) throw new Retryable('connection refused', 0);
      return reply;
    },
  };
  const narrator = new Narrator({ env, town: line, write: () => undefined, onSession: () => undefined });
  const heard: PersonInput[] = [];
  const tell = (event: Parameters<Narrator['tell']>[0]) => narrator.tell(event, (input) => heard.push(input));
  const answers = (next: CallReply) => {
    reply = next;
  };
  return { env, town, narrator, tell, heard, answers };
}

const usage = (tokens: number) => ({ kind: 'usage', tokens, costUsd: 0 }) as const;

describe('what a run has cost', () => {
  it('is told as what came on top, and nothing of it is lost while the town is away', async () => {
    const { env, town, narrator, tell } = townOf();
    tell(usage(100));
    await env.settle();
    town.away = true;
    tell(usage(250));
    await env.settle();
    tell(usage(400));
    await env.pass(MINUTE);
    expect(town.tokens).toBe(100);
    town.away = false;
    await env.pass(MINUTE);
    expect(town.tokens).toBe(400);
    await env.until(narrator.settle(1));
  });

  it('is counted once although the answer was lost', async () => {
    const { env, town, tell } = townOf();
    town.losesAnswers = true;
    tell(usage(100));
    await env.pass(1_000);
    tell(usage(130));
    town.losesAnswers = false;
    await env.pass(MINUTE);
    expect(town.tokens).toBe(130);
  });

  it('is waited for at the end, as long as that may take', async () => {
    const { env, town, narrator, tell } = townOf();
    town.away = true;
    tell(usage(70));
    const settled = narrator.settle(5 * MINUTE);
    await env.pass(MINUTE);
    town.away = false;
    await env.pass(20_000);
    await env.until(settled);
    expect(town.tokens).toBe(70);

    const other = townOf();
    other.town.away = true;
    other.tell(usage(70));
    const given = other.narrator.settle(2_000);
    await other.env.pass(2_000);
    await other.env.until(given);
    expect(other.env.alarms.filter(({ background }) => !background)).toEqual([]);
  });

  it('is not told again to a town that will never take it', async () => {
    const { env, town, narrator, tell } = townOf();
    town.refuses = true;
    tell(usage(70));
    await env.until(narrator.settle(MINUTE));
    expect(env.alarms).toEqual([]);
  });
});

describe('progress', () => {
  it('that was overtaken while the town was away is left out', async () => {
    const { env, town, tell } = townOf();
    town.away = true;
    for (const text of ['reads', 'thinks', 'writes']) {
      tell({ kind: 'progress', text });
      await env.pass(11_000);
    }
    town.away = false;
    await env.pass(MINUTE);
    expect(town.notes).toEqual(['writes']);
  });
});

describe('a question', () => {
  const question = { kind: 'waiting', id: 'q1', question: 'May it?' } as const;

  it('is asked until a person answered, whose words say whether it may', async () => {
    const { env, town, tell, heard, answers } = townOf();
    tell(question);
    await env.pass(5_000);
    town.away = true;
    await env.pass(5_000);
    town.away = false;
    answers({ answer: 'The answer: yes, but be quick', settled: 'answered', text: 'yes, but be quick' });
    await env.pass(5_000);
    expect(heard).toEqual([{ kind: 'answer', id: 'q1', allow: true, text: 'yes, but be quick' }]);
    expect(town.asked).toBeGreaterThan(3);
  });

  it('that was closed without an answer is a no', async () => {
    const { env, tell, heard, answers } = townOf();
    answers({ answer: 'The question was closed.', settled: 'closed' });
    tell(question);
    await env.settle();
    expect(heard).toEqual([{ kind: 'answer', id: 'q1', allow: false, text: '' }]);
  });
});
