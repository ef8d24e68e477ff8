import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capitalize, truncate, words } from '../src/text.js';

test('words are found between punctuation', () => {
  assert.deepEqual(words("Fresh bread, baker's choice: 2 for 1!"), ['Fresh', 'bread', "baker's", 'choice', '2', 'for', '1']);
  assert.deepEqual(words('  …  '), []);
});

test('a word gets a capital letter', () => {
  assert.equal(capitalize('bread'), 'Bread');
  assert.equal(capitalize(''), '');
});

test('short text is left alone', () => {
  assert.equal(truncate('bread', 5), 'bread');
});
