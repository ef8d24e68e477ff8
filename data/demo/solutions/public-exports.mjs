/** The solution of the bead `public-exports`. */
export default {
  message: 'Export the new functions',
  edits: [
    {
      file: 'src/index.js',
      write: `/** Everything that the shop's pages use. */
export { daysBetween, daysInMonth, isLeapYear } from './dates.js';
export { Inventory } from './inventory.js';
export { chunk, unique } from './list.js';
export { lowStock } from './low-stock.js';
export { formatPrice, parsePrice } from './money.js';
export { pageSlug } from './page-slug.js';
export { readingTime } from './reading-time.js';
export { slugify } from './slugify.js';
export { stockReport } from './stock-report.js';
export { capitalize, truncate, words } from './text.js';
export { titleCase } from './title-case.js';
export { celsiusToFahrenheit, fahrenheitToCelsius, gramsToOunces, ouncesToGrams } from './units.js';
export { wordCount } from './word-count.js';
`,
    },
    {
      file: 'test/index.js',
      write: `import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import * as shop from '../src/index.js';

const SOURCE = new URL('../src/', import.meta.url);

test('whatever a module exports, the library exports', async () => {
  for (const file of await readdir(SOURCE)) {
    for (const name of Object.keys(await import(new URL(file, SOURCE)))) assert.ok(name in shop, \`\${name} of \${file}\`);
  }
});
`,
    },
  ],
};
