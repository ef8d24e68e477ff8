/** The table of what a start may answer or throw, and what that means. */
import { expect, test } from 'vitest';
import { toStartOutcome } from '../../src/agents/outcome.ts';
import { Bug, Refused, Retryable, Terminal } from '../../src/core/errors.ts';
import { never } from './workshop.ts';

const failure = (fields: object, message = 'it failed') => Object.assign(new Error(message), fields);
const accepted = { kind: 'accepted', incarnation: 'i', branch: 'b' };

const answers: readonly [string, unknown, string][] = [
  ['accepted', accepted, 'accepted'],
  ['started: true', { started: true, incarnation: 'i', branch: 'b' }, 'accepted'],
  ['accepted without an incarnation', { kind: 'accepted' }, 'unknown'],
  ['false', false, 'transient'],
  ['started: false', { started: false }, 'transient'],
  ['refused for good', { kind: 'refused', reason: 'no', permanent: true }, 'permanent'],
  ['refused for now', { kind: 'refused', reason: 'no', permanent: false }, 'transient'],
  ['unknown', { kind: 'unknown', cause: 'who knows' }, 'unknown'],
  ['true', true, 'unknown'],
  ['nothing', undefined, 'unknown'],
  ['null', null, 'unknown'],
  ['a text', 'started', 'unknown'],
  ['ok: true', { ok: true }, 'unknown'],
  ['503 and not started', { status: 503, started: false }, 'transient'],
];

const rejections: readonly [string, unknown, string][] = [
  ['connection refused', failure({ code: 'ECONNREFUSED' }), 'transient'],
  ['connection refused inside fetch', failure({ cause: { code: 'ECONNREFUSED' } }, 'fetch failed'), 'transient'],
  ['unknown host', failure({ code: 'ENOTFOUND' }), 'transient'],
  ['connection reset', failure({ code: 'ECONNRESET' }), 'unknown'],
  ['broken pipe', failure({ code: 'EPIPE' }), 'unknown'],
  ['abort', failure({ name: 'AbortError' }), 'unknown'],
  ['program missing', failure({ code: 'ENOENT', syscall: 'spawn claude', path: 'claude' }), 'permanent'],
  ['program not executable', failure({ code: 'EACCES', syscall: 'spawn claude', path: 'claude' }), 'permanent'],
  ['no process to be had', failure({ code: 'EAGAIN', syscall: 'spawn claude', path: 'claude' }), 'transient'],
  ['a file missing elsewhere', failure({ code: 'ENOENT', syscall: 'open' }), 'unknown'],
  ['an Error', new Error('what'), 'unknown'],
  ['a TypeError', new TypeError('x is not a function'), 'unknown'],
  ['a text', 'boom', 'unknown'],
  ['Refused invalid', new Refused('invalid', 'no'), 'permanent'],
  ['Refused unauthorized', new Refused('unauthorized', 'no'), 'permanent'],
  ['Refused stale', new Refused('stale_epoch', 'no'), 'transient'],
  ['Refused unavailable', new Refused('unavailable', 'no'), 'transient'],
  ['Retryable', new Retryable('later', 5), 'transient'],
  ['Terminal', new Terminal('never'), 'permanent'],
  ['Bug', new Bug('ours'), 'unknown'],
  ...[400, 401, 402, 403, 404, 422].map((status) => [`${status}`, failure({ status }), 'permanent'] as const),
  ...[409, 429].map((status) => [`${status}`, failure({ status }), 'transient'] as const),
  ...[500, 502, 503, 504].map((status) => [`${status}`, failure({ status }), 'unknown'] as const),
].map(([name, thrown, meaning]) => [name, thrown, meaning] as [string, unknown, string]);

const meaningOf = (outcome: Awaited<ReturnType<typeof toStartOutcome>>) => {
  if (outcome.kind !== 'refused') return outcome.kind;
  return outcome.permanent ? 'permanent' : 'transient';
};

test.each(answers)('an answer: %s is %s', async (_, answer, meaning) => {
  expect(meaningOf(await toStartOutcome(async () => answer, never))).toBe(meaning);
});

test.each(rejections)('a rejection: %s is %s', async (_, thrown, meaning) => {
  expect(meaningOf(await toStartOutcome(() => Promise.reject(thrown), never))).toBe(meaning);
});

test('a call that throws before it returns a promise is a rejection', async () => {
  const outcome = await toStartOutcome(() => {
    throw new Terminal('no such container');
  }, never);
  expect(outcome).toEqual({ kind: 'refused', reason: 'no such container', permanent: true });
});

test('a start that does not answer is unknown at its deadline, not before', async () => {
  const deadline = new AbortController();
  let settled = false;
  const outcome = toStartOutcome(() => new Promise(() => {}), deadline.signal).finally(() => {
    settled = true;
  });
  await Promise.resolve();
  expect(settled).toBe(false);
  deadline.abort();
  expect((await outcome).kind).toBe('unknown');
});

test('a start that was called off before it began is refused, and does not begin', async () => {
  let began = false;
  const outcome = await toStartOutcome(async () => {
    began = true;
  }, AbortSignal.abort());
  expect([outcome.kind, began]).toEqual(['refused', false]);
});

test('the sentence about a missing program names it and the remedy', async () => {
  const thrown = failure({ code: 'ENOENT', syscall: 'spawn claude', path: 'claude' });
  const outcome = await toStartOutcome(() => Promise.reject(thrown), never);
  expect(outcome).toMatchObject({ reason: expect.stringMatching(/"claude".*install it/) });
});
