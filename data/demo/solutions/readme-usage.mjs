/** The solution of the bead `readme-usage`. */
export default {
  message: 'Show the new functions in the README',
  edits: [
    {
      file: 'README.md',
      search: `import { formatPrice, Inventory } from 'cornershop';
\`\`\``,
      replace: `import { Inventory, pageSlug, stockReport } from 'cornershop';

const shelf = new Inventory();
shelf.add('bread of the day', 12);
stockReport(shelf, { 'bread of the day': 350 }); // ['Bread of the Day: 12, 42.00']
pageSlug('Bread of the Day', 7); // 'bread-of-the-day-7'
\`\`\``,
    },
    {
      file: 'README.md',
      search: `| \`src/units.js\` | temperatures |
| \`src/dates.js\` | leap years, days of a month |
| \`src/inventory.js\` | what is on the shelf |`,
      replace: `| \`src/units.js\` | temperatures, grams and ounces |
| \`src/dates.js\` | leap years, days of a month, days between dates |
| \`src/inventory.js\` | what is on the shelf |
| \`src/low-stock.js\`, \`src/stock-report.js\` | what to order, the shelf as text |
| \`src/slugify.js\`, \`src/page-slug.js\` | addresses of pages |
| \`src/title-case.js\`, \`src/word-count.js\`, \`src/reading-time.js\` | labels and descriptions |`,
    },
    { file: 'test/index.js', search: 'import { readdir }', replace: 'import { readdir, readFile }' },
    {
      file: 'test/index.js',
      append: `
test('the example of the README says what really comes out', async () => {
  const readme = await readFile(new URL('../README.md', SOURCE), 'utf8');
  const shelf = new shop.Inventory();
  shelf.add('bread of the day', 12);
  assert.ok(readme.includes(\`// ['\${shop.stockReport(shelf, { 'bread of the day': 350 })[0]}']\`));
  assert.ok(readme.includes(\`// '\${shop.pageSlug('Bread of the Day', 7)}'\`));
});
`,
    },
  ],
};
