import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysInMonth, isLeapYear } from '../src/dates.js';

test('each fourth year is a leap year', () => {
  assert.equal(isLeapYear(2024), true);
  assert.equal(isLeapYear(2025), false);
});

test('February is longer in a leap year', () => {
  assert.equal(daysInMonth(2024, 2), 29);
  assert.equal(daysInMonth(2025, 2), 28);
  assert.equal(daysInMonth(2025, 12), 31);
});
