/** References to secrets: which are missing, and that no value is ever told. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkSecrets, resolveSecrets } from '../../src/agents/secrets.ts';
import { folder, write } from './workshop.ts';

test('values come from the environment and from files, without the last line feed', async () => {
  const place = folder();
  write(place, { key: 'line one\nline two\n' });
  const references = { API_KEY: 'env:KEY', OTHER: `file:${join(place, 'key')}` };
  expect(await checkSecrets(references, { KEY: 'value' })).toEqual([]);
  expect(await resolveSecrets(references, { KEY: 'value' })).toEqual({ API_KEY: 'value', OTHER: 'line one\nline two' });
});

test('everything that is missing is told at once, by name', async () => {
  const references = {
    A: 'env:UNSET',
    B: 'env:EMPTY',
    C: 'file:/nonexistent/key',
    D: 'file:relative',
    E: 'sk-pasted-value-1234567890',
  };
  const missing = await checkSecrets(references, { EMPTY: '' });
  expect(missing.map(({ variable }) => variable)).toEqual(['A', 'B', 'C', 'D', 'E']);
  expect(missing[0]?.reason).toMatch(/UNSET is not set.*export it/);
  await expect(resolveSecrets(references, {})).rejects.toMatchObject({
    code: 'unauthorized',
    message: expect.stringContaining('C: the file /nonexistent/key can not be read'),
  });
});

test('a value in the place of a reference is not repeated', async () => {
  const pasted = { KEY: 'sk-pasted-value-1234567890' };
  expect(JSON.stringify(await checkSecrets(pasted, {}))).not.toContain('pasted-value');
  await expect(resolveSecrets(pasted, {})).rejects.not.toMatchObject({
    message: expect.stringContaining('pasted-value'),
  });
});
