/** The inbox of a driven run: what the driver hears, in order, whatever becomes of the town meanwhile. */
import { expect, it } from 'vitest';
import { Refused, Retryable } from '../../src/core/errors.ts';
import { Inbox } from '../../src/drive/inbox.ts';
import type { InboxReply } from '../../src/drive/town-line.ts';
import type { PersonInput } from '../../src/drivers/host.ts';
import { createSimulatedEnv } from '../../src/env/simulated.ts';

type Asked = { readonly known: readonly string[]; readonly attended: boolean };

/** A town that answers each question as it is told to, and is silent after the last. */
function scene(answers: readonly (InboxReply | Error)[], takes: readonly (Error | null)[] = []) {
  const env = createSimulatedEnv({ seed: 1 });
  const [asked, told, heard]: [Asked[], object[], PersonInput[]] = [[], [], []];
  const left = [...answers];
  const taking = [...takes];
  const inbox = new Inbox({
    env,
    hear: (input) => heard.push(input),
    town: {
      inbox: async (ours) => {
        asked.push(ours);
        const answer = left.shift();
        if (answer instanceof Error) throw answer;
        return answer ?? new Promise<InboxReply>(() => {});
      },
      tell: async (report) => {
        told.push(report);
        const thrown = taking.shift() ?? null;
        if (thrown) throw thrown;
      },
    },
  });
  return { env, asked, told, heard, inbox };
}

const message = (id: string) => ({ id, text: `text of ${id}` });
const reply = (ids: readonly string[], attended = false): InboxReply => ({ attended, messages: ids.map(message) });

it('is heard message by message, each once, and what was read otherwise is taken back', async () => {
  const { env, asked, heard } = scene([reply(['a']), reply(['a', 'b'], true), reply(['b'], true), reply(['b'])]);
  await env.pass(0);
  expect(heard).toEqual([
    { kind: 'message', ...message('a') },
    { kind: 'takeOver' },
    { kind: 'message', ...message('b') },
    { kind: 'withdrawn', id: 'a' },
    { kind: 'giveBack' },
  ]);
  expect(asked.at(-1)).toEqual({ known: ['b'], attended: false });
});

it('outlives a town that is away, and does not ask a hurried one without a pause', async () => {
  const { env, asked, heard } = scene([new Retryable('away', 0), new Retryable('away', 0), reply([]), reply(['a'])]);
  await env.pass(400);
  expect(asked).toHaveLength(1);
  await env.pass(2_000);
  expect([asked.length, heard]).toEqual([3, []]);
  await env.pass(5_000);
  expect(heard).toEqual([{ kind: 'message', ...message('a') }]);
});

it('asks no more when the run was replaced', async () => {
  const { env, asked } = scene([new Refused('stale_epoch', 'replaced'), reply(['a'])]);
  await env.pass(60_000);
  expect(asked).toHaveLength(1);
});

it('tells what was heard until the town took it, and closes then', async () => {
  const { env, told, inbox } = scene([reply(['a'])], [new Retryable('away', 0), null]);
  await env.pass(0);
  inbox.heard(['a']);
  const closed = inbox.close(10_000);
  await env.pass(600);
  await closed;
  expect(told).toEqual([
    { type: 'message_taken', id: 'a' },
    { type: 'message_taken', id: 'a' },
  ]);
});
