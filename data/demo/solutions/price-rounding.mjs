/** What can be done about the bead `price-rounding`: its own tests contradict each other, so they never pass. */
export default {
  message: 'Add roundCents: half cents at the till and in the books',
  edits: [
    {
      file: 'src/round-cents.js',
      write: `/** Rounds an amount with a fraction of a cent to whole cents; half a cent goes up. */
export function roundCents(cents) {
  return Math.floor(cents + 0.5);
}
`,
    },
    {
      file: 'test/round-cents.js',
      write: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roundCents } from '../src/round-cents.js';

test('the till rounds half a cent up', () => {
  assert.equal(roundCents(12.5), 13);
});

test('the books round half a cent to the even side', () => {
  assert.equal(roundCents(12.5), 12);
});
`,
    },
  ],
};
