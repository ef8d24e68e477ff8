/** The solution of the bead `release-notes`. */
export default {
  message: 'Release 1.1.0',
  edits: [
    { file: 'package.json', search: '"version": "1.0.0"', replace: '"version": "1.1.0"' },
    {
      file: 'CHANGELOG.md',
      write: `# Changes

## 1.1.0

New: addresses of pages (\`slugify\`, \`pageSlug\`), labels and descriptions (\`titleCase\`, \`wordCount\`, \`readingTime\`),
grams and ounces, \`daysBetween\`, \`lowStock\`, \`stockReport\`.

Fixed: \`truncate\` was one character too long, \`fahrenheitToCelsius\` scaled before it subtracted, 1900 was a leap year,
refunds were written wrongly, an inventory could go below zero, \`chunk\` took pieces of no size.
`,
    },
    {
      file: 'test/index.js',
      append: `
test('the newest entry of the changes is the version of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('../package.json', SOURCE), 'utf8'));
  const changes = await readFile(new URL('../CHANGELOG.md', SOURCE), 'utf8');
  assert.equal(/^## (.+)$/m.exec(changes)?.[1], version);
});
`,
    },
  ],
};
