/** The solution of the bead `low-stock`. */
export default {
  message: 'Add lowStock: what has to be ordered',
  edits: [
    {
      file: 'src/low-stock.js',
      write: `/** The articles of an inventory of which there are fewer than \`minimum\`, fewest first. */
export function lowStock(inventory, minimum) {
  return inventory
    .list()
    .filter(({ count }) => count < minimum)
    .sort((a, b) => a.count - b.count);
}
`,
    },
    {
      file: 'test/low-stock.js',
      write: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inventory } from '../src/inventory.js';
import { lowStock } from '../src/low-stock.js';

test('what there is little of is listed, fewest first', () => {
  const shelf = new Inventory();
  shelf.add('bread', 3);
  shelf.add('milk', 1);
  shelf.add('tea', 9);
  shelf.take('milk', 1);
  assert.deepEqual(lowStock(shelf, 5), [
    { article: 'milk', count: 0 },
    { article: 'bread', count: 3 },
  ]);
});
`,
    },
  ],
};
