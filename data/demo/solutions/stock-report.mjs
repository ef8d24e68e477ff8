/** The solution of the bead `stock-report`. */
export default {
  message: 'Add stockReport: the shelf as text',
  edits: [
    {
      file: 'src/stock-report.js',
      write: `import { lowStock } from './low-stock.js';
import { formatPrice } from './money.js';
import { titleCase } from './title-case.js';

const ORDER_BELOW = 5;

/** One line for each article: its name, how many, what they are worth, and whether to order. Prices are in cents. */
export function stockReport(inventory, prices) {
  const low = new Set(lowStock(inventory, ORDER_BELOW).map(({ article }) => article));
  return inventory.list().map(({ article, count }) => {
    const worth = formatPrice(count * (prices[article] ?? 0));
    return \`\${titleCase(article)}: \${count}, \${worth}\${low.has(article) ? ' (order)' : ''}\`;
  });
}
`,
    },
    {
      file: 'test/low-stock.js',
      search: "import { lowStock } from '../src/low-stock.js';",
      replace: "import { lowStock } from '../src/low-stock.js';\nimport { stockReport } from '../src/stock-report.js';",
    },
    {
      file: 'test/low-stock.js',
      append: `
test('the shelf is told in lines', () => {
  const shelf = new Inventory();
  shelf.add('bread of the day', 12);
  shelf.add('empty bottle', 2);
  assert.deepEqual(stockReport(shelf, { 'bread of the day': 350, 'empty bottle': -25 }), [
    'Bread of the Day: 12, 42.00',
    'Empty Bottle: 2, -0.50 (order)',
  ]);
});
`,
    },
  ],
};
