import assert from 'node:assert/strict';
import { test } from 'node:test';
import { celsiusToFahrenheit } from '../src/units.js';

test('Celsius becomes Fahrenheit', () => {
  assert.equal(celsiusToFahrenheit(0), 32);
  assert.equal(celsiusToFahrenheit(100), 212);
});
