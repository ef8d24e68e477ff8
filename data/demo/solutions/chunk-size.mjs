/** The solution of the bead `chunk-size`. */
export default {
  message: 'Fix chunk: refuse sizes that make no pieces',
  edits: [
    {
      file: 'src/list.js',
      search: `  const pieces = [];
  for (let from = 0; from < list.length; from += Math.max(size, 1))`,
      replace: `  if (!Number.isInteger(size) || size < 1) throw new RangeError(\`a piece has at least one member, not \${size}\`);
  const pieces = [];
  for (let from = 0; from < list.length; from += size)`,
    },
    {
      file: 'test/list.js',
      append: `
test('pieces of no size are refused', () => {
  assert.throws(() => chunk([1, 2], 0), RangeError);
  assert.throws(() => chunk([1, 2], 1.5), RangeError);
});
`,
    },
  ],
};
