/** A text that grows in a page: pieces in order, bounded, and how it ended. */
import { expect, it } from 'vitest';
import { type Growth, grown } from '../../../src/inspector/app/screens/entity/growth.ts';

it('grows piece by piece, and says how it ended', () => {
  const pieces = [{ text: 'one\n' }, {}, { text: 'two\n' }, { end: { outcome: 'failed', reason: 'no tests' } }];
  const all = pieces.reduce<Growth | null>(grown, null);
  expect(all).toEqual({ text: 'one\ntwo\n', ending: 'failed: no tests' });
  expect(grown(null, { end: { outcome: 'completed', reason: null } }).ending).toBe('completed');
});

it('keeps a bounded text that begins at a line', () => {
  const line = `${'x'.repeat(99)}\n`;
  const long = grown({ text: 'the first\n', ending: null }, { text: line.repeat(4_000) });
  expect(long.text.length).toBeLessThanOrEqual(262_144);
  expect(long.text.startsWith(line)).toBe(true);
});
