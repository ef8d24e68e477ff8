/** No secret is left in what passes the mask, whatever its disguise and however the stream is cut. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMask, createMaskStream } from '../../src/agents/mask.ts';

const apiKey = `sk-ant-${'x'.repeat(24)}`;
const secret = 'correct/horse+battery=staple ü';
const disguises = {
  plain: secret,
  base64: Buffer.from(secret).toString('base64'),
  'base64 after one byte': Buffer.from(`x${secret}y`).toString('base64'),
  'base64 after two bytes': Buffer.from(`me${secret}`).toString('base64'),
  base64url: Buffer.from(secret).toString('base64url'),
  hex: Buffer.from(secret).toString('hex'),
  'upper hex': Buffer.from(secret).toString('hex').toUpperCase(),
  percent: encodeURIComponent(secret),
  'JSON in JSON': JSON.stringify({ key: secret }),
};

test.each(Object.entries(disguises))('a known value is masked as %s', (_, form) => {
  const result = createMask([secret])(`before ${form} after`);
  expect(result).toMatch(/^before .*\[masked\].* after$/);
  expect(result).not.toContain(form.slice(8, -8));
});

const credentials: readonly [string, string, string][] = [
  ['sk', `key ${apiKey} end`, 'key [masked] end'],
  ['ghp', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789', '[masked]'],
  ['github_pat', 'x github_pat_11ABCDEFG0abcdefghijkl_xyz', 'x [masked]'],
  ['slack', 'xoxb-123456789012-abcdef', '[masked]'],
  ['aws', 'id=AKIAIOSFODNN7EXAMPLE', 'id=[masked]'],
  ['jwt', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def', '[masked]'],
  ['header', 'Authorization: Bearer abc', 'Authorization: [masked]'],
  ['header in JSON', '{"authorization":"Basic dXNlcg==","a":1}', '{"authorization":"[masked]","a":1}'],
  ['bearer', 'curl with bearer 0123456789abcdef0', 'curl with bearer [masked]'],
  ['URL password', 'postgres://user:pass@host/db', 'postgres://[masked]@host/db'],
  ['URL token', 'https://token123@github.com/x', 'https://[masked]@github.com/x'],
  ['no secret in an ssh URL', 'ssh://git@github.com/x', 'ssh://git@github.com/x'],
  ['no secret in prose', 'the task-force asked for a sketch', 'the task-force asked for a sketch'],
];

test.each(credentials)('what looks like a credential is masked: %s', (_, text, expected) => {
  const mask = createMask([]);
  expect(mask(text)).toBe(expected);
  expect(mask(mask(text))).toBe(expected);
});

const keyLines = `Proc-Type: 4,ENCRYPTED\n\n${'MIIEpAIBAAKCAQEA\n'.repeat(20)}`;
const key = `-----BEGIN RSA PRIVATE KEY-----\n${keyLines}-----END RSA PRIVATE KEY-----`;

test('a private key is masked, what follows is not', () => {
  expect(createMask([])(`a\n${key}\nb (after)`)).toBe('a\n[masked]\nb (after)');
  const one = JSON.stringify({ key });
  expect(createMask([])(one.replace('Proc-Type: 4,ENCRYPTED\\n\\n', ''))).toBe('{"key":"[masked]"}');
});

test('talk about a private key does not hide the rest of the output', () => {
  const stream = createMaskStream([]);
  const text = 'grep -----BEGIN PRIVATE KEY----- found\nthe file: it is here (see below)\nlast line.\n';
  expect(stream.push(text) + stream.end()).toContain('last line.');
});

test('short values are left alone', () => {
  expect(createMask(['12', 'abc'])('12 abc')).toBe('12 abc');
});

test('a stream masks the same, wherever it is cut', () => {
  const header = 'Authorization: Bearer abcdef';
  const text = `start ${secret} and\n${apiKey}\r\n${key}\n${header}\nend without a line feed ${secret}`;
  const whole = createMaskStream([secret]);
  const expected = whole.push(text) + whole.end();
  expect(expected).not.toMatch(/horse|ant-x|MIIE|abcdef/);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 40 }), (sizes) => {
      const stream = createMaskStream([secret]);
      let result = '';
      let position = 0;
      for (let index = 0; position < text.length; index += 1) {
        const size = sizes[index % sizes.length] ?? 1;
        result += stream.push(text.slice(position, position + size));
        position += size;
      }
      expect(result + stream.end()).toBe(expected);
    }),
    { seed: 7, numRuns: 60 },
  );
});

test('a line that never ends is let through in parts, and a known value in it is masked', () => {
  const stream = createMaskStream([secret]);
  let result = '';
  for (let part = 0; part < 100; part += 1) result += stream.push(`${'.'.repeat(997)}${secret}`);
  expect(result.length).toBeGreaterThan(50_000);
  expect(result + stream.end()).not.toContain('horse');
});

test('hostile output costs linear time', () => {
  const mask = createMask([secret]);
  for (const unit of ['eyJ', 'sk-', '://', 'authorization ', 'a', '-----BEGIN PRIVATE KEY-----']) {
    mask(unit.repeat(64 * 1024));
  }
}, 5_000);
