/** The solution of the bead `days-between`. */
export default {
  message: 'Add daysBetween: how long an article keeps',
  edits: [
    {
      file: 'src/dates.js',
      append: `
/** Days since the first day of year 1, for a date written as '2024-02-29'. */
function dayNumber(date) {
  const [year, month, day] = date.split('-').map(Number);
  const before = year - 1;
  let days = before * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) + day;
  for (let earlier = 1; earlier < month; earlier += 1) days += daysInMonth(year, earlier);
  return days;
}

/** Days from one date to another; negative when the second is earlier. */
export function daysBetween(from, to) {
  return dayNumber(to) - dayNumber(from);
}
`,
    },
    { file: 'test/dates.js', search: 'import { daysInMonth, isLeapYear }', replace: 'import { daysBetween, daysInMonth, isLeapYear }' },
    {
      file: 'test/dates.js',
      append: `
test('days are counted over months, years and leap days', () => {
  assert.equal(daysBetween('2024-02-28', '2024-03-01'), 2);
  assert.equal(daysBetween('1900-02-28', '1900-03-01'), 1);
  assert.equal(daysBetween('1999-12-31', '2001-01-01'), 367);
  assert.equal(daysBetween('2024-03-01', '2024-02-28'), -2);
});
`,
    },
  ],
};
