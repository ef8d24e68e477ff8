/** A map with a bound: what is used stays, what is not goes. */
import { describe, expect, it } from 'vitest';
import { RecentMap } from '../../src/core/recent-map.ts';

describe('a recent map', () => {
  it('keeps what is used, however much else comes', () => {
    const map = new RecentMap<number>(100);
    map.set('lamp', 'hall', 1);
    for (let n = 0; n < 1_000; n++) {
      map.set('bell', String(n), n);
      expect(map.get('lamp', 'hall')).toBe(1);
    }
  });

  it('keeps at most its bound, all groups together, and at least the later half of it', () => {
    const map = new RecentMap<number>(100);
    for (let n = 0; n < 1_000; n++) map.set(`group ${n % 3}`, String(n), n);
    const kept = Array.from({ length: 1_000 }, (_, n) => n).filter(
      (n) => map.get(`group ${n % 3}`, String(n)) !== undefined,
    );
    expect(kept.length).toBeLessThanOrEqual(100);
    expect(kept).toEqual(expect.arrayContaining(Array.from({ length: 50 }, (_, n) => 950 + n)));
  });

  it('forgets what is deleted, in both of its halves, and everything when it is cleared', () => {
    const map = new RecentMap<number>(4);
    for (const id of ['a', 'b', 'c']) map.set('lamp', id, 1);
    for (const id of ['a', 'c']) map.delete('lamp', id);
    expect(['a', 'b', 'c'].map((id) => map.get('lamp', id))).toEqual([undefined, 1, undefined]);
    map.clear();
    expect(map.get('lamp', 'b')).toBeUndefined();
  });
});
