import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunk, unique } from '../src/list.js';

test('a list is split into pieces', () => {
  assert.deepEqual(chunk([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
  assert.deepEqual(chunk([], 2), []);
});

test('repetitions go, the order stays', () => {
  assert.deepEqual(unique(['b', 'a', 'b']), ['b', 'a']);
});
