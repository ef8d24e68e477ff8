/** What no output shows: every value that a reference led to while the town runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { KnownSecrets } from '../../src/town/secrets.ts';

function keyFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-key-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'key');
}

it('a value that was rotated is masked as well, because runs that began with it go on', async () => {
  const file = keyFile();
  const secrets = new KnownSecrets({ TOKEN: 'token-of-the-environment' });
  const references = [{ KEY: `file:${file}`, TOKEN: 'env:TOKEN', GONE: 'env:NOT_THERE' }];
  writeFileSync(file, 'sk-the-older-key\n');
  await secrets.learn(references);
  expect(secrets.mask('sk-the-older-key token-of-the-environment')).toBe('[masked] [masked]');
  writeFileSync(file, 'sk-the-newer-key\n');
  await secrets.learn(references);
  expect(secrets.mask('sk-the-older-key and sk-the-newer-key')).toBe('[masked] and [masked]');
});

it('a reference that leads nowhere hides nothing, and takes nothing back', async () => {
  const file = keyFile();
  writeFileSync(file, 'sk-the-older-key');
  const secrets = new KnownSecrets({});
  await secrets.learn([{ KEY: `file:${file}` }]);
  rmSync(file);
  await secrets.learn([{ KEY: `file:${file}` }]);
  expect(secrets.mask('sk-the-older-key')).toBe('[masked]');
});
