/** The solution of the bead `word-count`. */
export default {
  message: 'Add wordCount: how long a description is',
  edits: [
    {
      file: 'src/word-count.js',
      write: `import { words } from './text.js';

/** How many words a text has. */
export function wordCount(text) {
  return words(text).length;
}
`,
    },
    {
      file: 'test/word-count.js',
      write: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordCount } from '../src/word-count.js';

test('words are counted, punctuation is not', () => {
  assert.equal(wordCount('Two loaves, one price!'), 4);
  assert.equal(wordCount(' - … - '), 0);
});
`,
    },
  ],
};
