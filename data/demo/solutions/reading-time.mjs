/** The solution of the bead `reading-time`. */
export default {
  message: 'Add readingTime: minutes for a description',
  edits: [
    {
      file: 'src/reading-time.js',
      write: `import { wordCount } from './word-count.js';

const WORDS_PER_MINUTE = 200;

/** Whole minutes that reading takes: 0 for no words, else at least 1. */
export function readingTime(text) {
  return Math.ceil(wordCount(text) / WORDS_PER_MINUTE);
}
`,
    },
    {
      file: 'test/word-count.js',
      search: "import { wordCount }",
      replace: "import { readingTime } from '../src/reading-time.js';\nimport { wordCount }",
    },
    {
      file: 'test/word-count.js',
      append: `
test('a minute is begun with the first word', () => {
  assert.equal(readingTime(''), 0);
  assert.equal(readingTime('bread'), 1);
  assert.equal(readingTime('bread '.repeat(200)), 1);
  assert.equal(readingTime('bread '.repeat(201)), 2);
});
`,
    },
  ],
};
