/** The solution of the bead `title-case`. */
export default {
  message: 'Add titleCase: names of articles on labels',
  edits: [
    {
      file: 'src/title-case.js',
      write: `import { capitalize } from './text.js';

const SMALL = new Set(['a', 'an', 'and', 'for', 'in', 'of', 'or', 'the', 'with']);

/** Capitals for a label: 'bread of the day' is 'Bread of the Day'. The first word always gets one. */
export function titleCase(name) {
  return name
    .trim()
    .split(/\\s+/)
    .map((word, index) => (index > 0 && SMALL.has(word.toLowerCase()) ? word.toLowerCase() : capitalize(word)))
    .join(' ');
}
`,
    },
    {
      file: 'test/title-case.js',
      write: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { titleCase } from '../src/title-case.js';

test('words get capitals, small ones do not', () => {
  assert.equal(titleCase('bread of the day'), 'Bread of the Day');
});

test('the first word gets one even when it is small', () => {
  assert.equal(titleCase('the  house   tea'), 'The House Tea');
});
`,
    },
  ],
};
