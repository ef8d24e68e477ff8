/** The solution of the bead `page-slug`. */
export default {
  message: 'Add pageSlug: the address of an article',
  edits: [
    {
      file: 'src/page-slug.js',
      write: `import { slugify } from './slugify.js';
import { truncate } from './text.js';

const NAME_MAX = 40;

/** The address of an article: its name, shortened, and its number. */
export function pageSlug(name, number) {
  return \`\${slugify(truncate(name, NAME_MAX))}-\${number}\`;
}
`,
    },
    {
      file: 'test/slugify.js',
      search: "import { slugify }",
      replace: "import { pageSlug } from '../src/page-slug.js';\nimport { slugify }",
    },
    {
      file: 'test/slugify.js',
      append: `
test('an address has the name and the number', () => {
  assert.equal(pageSlug('Fresh Bread', 7), 'fresh-bread-7');
});

test('a long name is shortened', () => {
  assert.equal(pageSlug('x'.repeat(100), 7), \`\${'x'.repeat(39)}-7\`);
});
`,
    },
  ],
};
