/** The solution of the bead `leap-century`. */
export default {
  message: 'Fix isLeapYear: most centuries have no leap day',
  edits: [
    { file: 'src/dates.js', search: 'return year % 4 === 0;', replace: 'return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);' },
    {
      file: 'test/dates.js',
      append: `
test('a century is a leap year only each fourth time', () => {
  assert.equal(isLeapYear(1900), false);
  assert.equal(isLeapYear(2000), true);
  assert.equal(daysInMonth(2100, 2), 28);
});
`,
    },
  ],
};
