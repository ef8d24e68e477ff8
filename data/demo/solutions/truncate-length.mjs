/** The solution of the bead `truncate-length`. */
export default {
  message: 'Fix truncate: the ellipsis counts too',
  edits: [
    { file: 'src/text.js', search: "text.slice(0, max) + '…'", replace: "text.slice(0, max - 1) + '…'" },
    {
      file: 'test/text.js',
      append: `
test('shortened text is never longer than it may be', () => {
  assert.equal(truncate('sourdough', 5), 'sour…');
  assert.equal(truncate('sourdough', 5).length, 5);
});
`,
    },
  ],
};
