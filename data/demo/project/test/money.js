import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPrice, parsePrice } from '../src/money.js';

test('a price is read as cents', () => {
  assert.equal(parsePrice('12.50'), 1250);
  assert.equal(parsePrice('0.5'), 50);
  assert.equal(parsePrice(' 12 '), 1200);
  assert.throws(() => parsePrice('cheap'), TypeError);
});

test('cents are written as a price', () => {
  assert.equal(formatPrice(1250), '12.50');
  assert.equal(formatPrice(5), '0.05');
});
