import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCapabilities } from '../../src/town/capability.ts';

const directory = mkdtempSync(join(tmpdir(), 'yardmaster-key-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const run = { agent: 'p1', epoch: 7 };

describe('a capability', () => {
  it('is of one agent and one epoch, the same after a restart', () => {
    const file = join(directory, 'one.key');
    const token = loadCapabilities(file).token(run);
    const again = loadCapabilities(file);
    expect(again.matches(run, token)).toBe(true);
    expect(again.matches({ ...run, epoch: 8 }, token)).toBe(false);
    expect(again.matches({ ...run, agent: 'p2' }, token)).toBe(false);
    for (const forged of ['', token.slice(0, -1), `${token}x`, 'ymr_', 'é'.repeat(47)])
      expect(again.matches(run, forged)).toBe(false);
  });

  it('of another town is another', () => {
    const token = loadCapabilities(join(directory, 'two.key')).token(run);
    expect(loadCapabilities(join(directory, 'three.key')).matches(run, token)).toBe(false);
  });

  it('comes from a key that only its owner reads', () => {
    const file = join(directory, 'four.key');
    loadCapabilities(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is not made from what is no key', () => {
    const file = join(directory, 'five.key');
    writeFileSync(file, 'not a key at all', { mode: 0o600 });
    expect(() => loadCapabilities(file)).toThrow('remove it, and the town makes a new one');
  });
});
