/** The solution of the bead `stock-floor`. */
export default {
  message: 'Fix Inventory.take: no more than there is',
  edits: [
    {
      file: 'src/inventory.js',
      search: `  /** Takes \`count\` of an article from the shelf. */
  take(article, count) {
    this.#counts.set(article, this.count(article) - count);`,
      replace: `  /** Takes \`count\` of an article from the shelf; throws a RangeError and takes nothing when there are fewer. */
  take(article, count) {
    const left = this.count(article) - count;
    if (left < 0) throw new RangeError(\`\${article}: \${count} wanted, \${this.count(article)} there\`);
    this.#counts.set(article, left);`,
    },
    {
      file: 'test/inventory.js',
      append: `
test('no more can be taken than there is', () => {
  const shelf = new Inventory();
  shelf.add('bread', 1);
  assert.throws(() => shelf.take('bread', 2), /bread: 2 wanted, 1 there/);
  assert.equal(shelf.count('bread'), 1);
});
`,
    },
  ],
};
