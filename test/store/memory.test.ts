/**
 * The store in memory keeps the contract.
 */
import { expect, test } from 'vitest';
import { openMemory } from '../../src/store/memory.ts';
import { standingEnv } from './building.ts';
import { describeStore } from './contract.ts';

describeStore('memory', () => openMemory({ env: standingEnv() }));

test('a store in memory has no file to copy, and says so', async () => {
  await expect(openMemory({ env: standingEnv() }).backup('copy.db')).rejects.toMatchObject({ code: 'unavailable' });
});
