/** The calendar, without time zones. Months are 1 to 12. */

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** True for the years that have a 29th of February. */
export function isLeapYear(year) {
  return year % 4 === 0;
}

/** How many days a month has. */
export function daysInMonth(year, month) {
  return month === 2 && isLeapYear(year) ? 29 : DAYS[month - 1];
}
