import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inventory } from '../src/inventory.js';

test('what is added is there until it is taken', () => {
  const shelf = new Inventory();
  shelf.add('bread', 5);
  shelf.take('bread', 2);
  assert.equal(shelf.count('bread'), 3);
  assert.equal(shelf.count('butter'), 0);
});

test('articles are listed by name', () => {
  const shelf = new Inventory();
  shelf.add('milk', 1);
  shelf.add('bread', 2);
  assert.deepEqual(shelf.list(), [
    { article: 'bread', count: 2 },
    { article: 'milk', count: 1 },
  ]);
});
