/** The solution of the bead `slugify`. */
export default {
  message: 'Add slugify: names that are safe in addresses',
  edits: [
    {
      file: 'src/slugify.js',
      write: `/** Makes a name safe for an address: 'Crème fraîche, 200 g' is 'creme-fraiche-200-g'. */
export function slugify(name) {
  return name
    .normalize('NFKD')
    .replace(/\\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
`,
    },
    {
      file: 'test/slugify.js',
      write: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slugify } from '../src/slugify.js';

test('a name becomes a part of an address', () => {
  assert.equal(slugify('Fresh Bread'), 'fresh-bread');
  assert.equal(slugify('Crème fraîche, 200 g'), 'creme-fraiche-200-g');
});

test('no dash is left at the ends', () => {
  assert.equal(slugify('  -- 50% off! --  '), '50-off');
  assert.equal(slugify('!!!'), '');
});
`,
    },
  ],
};
