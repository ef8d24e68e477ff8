/** The operator's token and its file. */
import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isSameText } from '../../src/http/gates.ts';
import { loadOrCreateToken } from '../../src/http/token.ts';
import { folder } from './folder.ts';

const place = folder();
afterEach(() => place.clear());

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the operator token', () => {
  it('is made once, of 256 bits, for its owner only', () => {
    const file = join(place.make(), 'state', 'operator.token');
    const token = loadOrCreateToken(file);
    expect(token).toMatch(/^ymo_[\w-]{43}$/);
    expect([modeOf(file), modeOf(join(file, '..'))]).toEqual([0o600, 0o700]);
    expect(loadOrCreateToken(file)).toBe(token);
    expect(loadOrCreateToken(join(place.make(), 'operator.token'))).not.toBe(token);
  });

  it('is refused when others can read it, or when it is too weak', () => {
    const file = join(place.make(), 'operator.token');
    loadOrCreateToken(file);
    chmodSync(file, 0o644);
    expect(() => loadOrCreateToken(file)).toThrow(/chmod 600/);
    for (const text of ['', 'short', `${'x'.repeat(50)} ${'y'.repeat(50)}`]) {
      const weak = join(place.make(), 'operator.token');
      writeFileSync(weak, text, { mode: 0o600 });
      expect(() => loadOrCreateToken(weak)).toThrow(/holds no token/);
    }
  });

  it('is never written through a link to somewhere else', () => {
    const directory = place.make();
    const elsewhere = join(directory, 'elsewhere');
    symlinkSync(elsewhere, join(directory, 'operator.token'));
    expect(() => loadOrCreateToken(join(directory, 'operator.token'))).toThrow();
    expect(() => readFileSync(elsewhere)).toThrow();
  });
});

describe('the comparison of tokens', () => {
  it('takes texts of any length and alphabet', () => {
    expect(isSameText('a', 'a')).toBe(true);
    for (const other of ['', 'b', 'aa', 'ä', 'a'.repeat(1_000_000)]) expect(isSameText(other, 'a')).toBe(false);
  });
});
