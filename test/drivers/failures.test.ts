/** Whose fault a failure is, in the words that runtimes and gateways really use. */
import { expect, it } from 'vitest';
import { isThrottle, judge, resetAt } from '../../src/drivers/failures.ts';

it.each([
  [401, 'Invalid token', 'permanent', /valid key/],
  [402, 'Out of credit', 'permanent', /credit/],
  [403, 'No', 'permanent', /forbids/],
  [404, 'The model x does not exist', 'permanent', /model/],
  [400, 'Bad schema', 'permanent', /refuses the request/],
  [408, 'Slow', 'transient', /408/],
  [429, 'Rate limited', 'transient', /429/],
  [500, 'Broken', 'transient', /500/],
  [529, 'Overloaded', 'transient', /529/],
  [null, 'unexpected status 401 Unauthorized: Invalid API key', 'permanent', /valid key/],
  [null, 'exceeded retry limit, last status: 429 Too Many Requests', 'transient', /429/],
  [null, 'API Error: 402 Out of credit', 'permanent', /credit/],
  [null, 'Internal error: Invalid token (gateway)', 'permanent', /valid key/],
  [null, 'Not logged in · Please run /login', 'permanent', /key/],
  [null, 'Missing environment variable: `KEY`.', 'permanent', /key/],
  [null, 'Authentication required', 'permanent', /key/],
  [null, 'Model not found: gateway/x.', 'permanent', /model/],
  [null, 'Connection reset by server', 'transient', /reset/],
  [null, '', 'transient', /did not say why/],
] as const)('%s "%s" is %s', (status, text, failure, reason) => {
  expect(judge({ status, text })).toMatchObject({ failure, reason: expect.stringMatching(reason) });
});

it('a throttle is known by its status or its words', () => {
  expect(isThrottle({ status: 429, text: '' })).toBe(true);
  expect(isThrottle({ status: null, text: 'Too Many Requests' })).toBe(true);
  expect(isThrottle({ status: null, text: 'Overloaded' })).toBe(true);
  expect(isThrottle({ status: 500, text: 'Broken' })).toBe(false);
});

const now = Date.parse('2026-05-01T12:00:00Z');

it.each([
  ['retry-after', '30', 30_000],
  ['retry-after', 'Fri, 01 May 2026 12:01:00 GMT', 60_000],
  ['anthropic-ratelimit-requests-reset', '2026-05-01T12:00:10Z', 10_000],
  ['x-ratelimit-reset-requests', '1m30s', 90_000],
  ['x-ratelimit-reset-requests', '250ms', 250],
  ['x-ratelimit-reset', String(now / 1000 + 5), 5_000],
  ['x-ratelimit-reset', String(now + 7_000), 7_000],
  ['x-ratelimit-reset', 'soon', null],
  ['retry-after', 'Fri, 01 May 2020 12:01:00 GMT', null],
] as const)('%s: %s', (name, value, inMs) => {
  const at = resetAt((wanted) => (wanted === name ? value : null), now);
  expect(at === null ? null : at - now).toBe(inMs);
});
