/**
 * Contract: the outbox, and what is pruned.
 */
import { describe, expect, test } from 'vitest';
import { Bug } from '../../../src/core/errors.ts';
import type { EffectStatus } from '../../../src/store/port.ts';
import { applyAll, birth, change } from '../building.ts';
import type { Opened } from '../contract.ts';

const hall = { machine: 'lamp', id: 'hall' };
const glow = { type: 'glow', params: { watts: 5 }, scope: null };

export function outboxContract(opened: Opened): void {
  const statuses = () =>
    opened()
      .read.effects({ entity: hall }, { limit: 99 })
      .items.map((row) => row.status);
  const dueKeys = (now = 9_999) =>
    opened()
      .read.effectsDue(now, 9)
      .map((row) => row.key);

  describe('the outbox', () => {
    test('an effect is due at once, with a key of its entity, its event and its place', () => {
      applyAll(opened(), birth('lamp/a#b', { at: 70, effects: [glow, { ...glow, scope: 'on' }] }));
      const entity = { machine: 'lamp', id: 'a#b' };
      expect(opened().read.effectsDue(69, 9)).toEqual([]);
      expect(opened().read.effectsDue(70, 9)).toEqual([
        { key: 'lamp/a#b#1#0', entity, seq: 1, ...glow, status: 'pending', attempt: 0, dueAt: 70, note: null },
        {
          key: 'lamp/a#b#1#1',
          entity,
          seq: 1,
          ...glow,
          scope: 'on',
          status: 'pending',
          attempt: 0,
          dueAt: 70,
          note: null,
        },
      ]);
      expect(opened().read.effectsDue(70, 1)).toHaveLength(1);
    });

    test('an effect is claimed once, and settled for good', () => {
      applyAll(opened(), birth('lamp/hall', { effects: [glow] }));
      const key = 'lamp/hall#1#0';
      expect(opened().commit((tx) => [tx.claimEffect(key, 1), tx.claimEffect(key, 2)])).toEqual([true, false]);
      expect(dueKeys()).toEqual([]);
      opened().commit((tx) => tx.settleEffect(key, 'done', 'succeeded'));
      expect(opened().read.effects({ entity: hall }, { limit: 9 }).items).toMatchObject([
        { status: 'done', note: 'succeeded', attempt: 1 },
      ]);
      opened().commit((tx) => {
        tx.settleEffect(key, 'dead', 'again');
        tx.postponeEffect(key, 1);
        expect(tx.claimEffect(key, 2)).toBe(false);
      });
      expect(statuses()).toEqual(['done']);
    });

    test('a postponed effect waits for its new instant', () => {
      applyAll(opened(), birth('lamp/hall', { effects: [glow] }));
      opened().commit((tx) => [tx.claimEffect('lamp/hall#1#0', 1), tx.postponeEffect('lamp/hall#1#0', 7_000)]);
      expect(dueKeys(6_999)).toEqual([]);
      expect(dueKeys(7_000)).toEqual(['lamp/hall#1#0']);
      expect(opened().read.effectsDue(7_000, 1)).toMatchObject([{ attempt: 1, status: 'pending' }]);
    });

    test('leaving a state supersedes its effects, pending or inflight, and no others', () => {
      const effects = ['on', 'off', null, 'off'].map((scope) => ({ ...glow, scope }));
      applyAll(opened(), birth('lamp/hall', { effects }), birth('lamp/porch', { effects }));
      opened().commit((tx) => tx.claimEffect('lamp/hall#1#3', 1));
      applyAll(opened(), change('lamp/hall', { supersede: ['off', 'elsewhere'] }));
      expect(statuses()).toEqual(['pending', 'superseded', 'pending', 'superseded']);
      expect(opened().read.effects({ entity: hall }, { limit: 9 }).items[1]?.note).toBe('off was left');
      expect(dueKeys()).toHaveLength(6);
      expect(opened().commit((tx) => tx.claimEffect('lamp/hall#1#1', 1))).toBe(false);
    });

    test('a change supersedes what waits before it adds its own', () => {
      applyAll(opened(), birth('lamp/hall', { effects: [{ ...glow, scope: 'off' }] }));
      applyAll(
        opened(),
        change('lamp/hall', { from: 'off', to: 'off', supersede: ['off'], effects: [{ ...glow, scope: 'off' }] }),
      );
      expect(statuses()).toEqual(['superseded', 'pending']);
    });

    test('after a crash all inflight effects are pending again', () => {
      applyAll(opened(), birth('lamp/hall', { effects: [glow, glow, glow] }));
      opened().commit((tx) => [tx.claimEffect('lamp/hall#1#0', 1), tx.claimEffect('lamp/hall#1#1', 1)]);
      opened().commit((tx) => tx.settleEffect('lamp/hall#1#0', 'dead', 'gave up'));
      expect(opened().commit((tx) => tx.reclaimEffects())).toBe(1);
      expect(statuses()).toEqual(['dead', 'pending', 'pending']);
    });

    test('a key that names no effect is a bug', () => {
      expect(() => opened().commit((tx) => tx.claimEffect('lamp/hall', 1))).toThrow(Bug);
    });

    test('pages: of one entity and of all by making, of a status by due time', () => {
      applyAll(
        opened(),
        birth('lamp/hall', { at: 300, effects: [glow, glow, glow] }),
        birth('lamp/porch', { at: 100, effects: [glow] }),
      );
      opened().commit((tx) => [tx.claimEffect('lamp/hall#1#0', 1), tx.settleEffect('lamp/hall#1#0', 'done', null)]);
      const walk = (filter: { entity?: typeof hall; status?: EffectStatus }) => {
        const seen: string[] = [];
        for (let after: string | null | undefined; after !== null; ) {
          const page = opened().read.effects(filter, { limit: 1, ...(after === undefined ? {} : { after }) });
          seen.push(...page.items.map((row) => row.key.slice('lamp/'.length)));
          after = page.next;
        }
        return seen;
      };
      expect(walk({})).toEqual(['hall#1#0', 'hall#1#1', 'hall#1#2', 'porch#2#0']);
      expect(walk({ entity: hall })).toEqual(['hall#1#0', 'hall#1#1', 'hall#1#2']);
      expect(walk({ entity: hall, status: 'pending' })).toEqual(['hall#1#1', 'hall#1#2']);
      expect(walk({ status: 'pending' })).toEqual(['porch#2#0', 'hall#1#1', 'hall#1#2']);
      expect(walk({ entity: { machine: 'lamp', id: 'nobody' } })).toEqual([]);
    });
  });

  describe('a person looks at effects', () => {
    test('one is found by its key, and many are counted up to a bound', () => {
      applyAll(
        opened(),
        birth('lamp/hall', { at: 70, effects: [glow, glow] }),
        birth('lamp/porch', { at: 90, effects: [glow] }),
      );
      const { read } = opened();
      expect(read.effect('lamp/hall#1#1')).toMatchObject({ key: 'lamp/hall#1#1', type: 'glow', status: 'pending' });
      for (const key of ['lamp/porch#1#0', 'lamp/hall#1#7', 'lamp/hall', '']) expect(read.effect(key), key).toBeNull();
      const counts = [
        read.effectCount('pending', 70, 9),
        read.effectCount('pending', 99, 9),
        read.effectCount('dead', 99, 9),
      ];
      expect(counts).toEqual([2, 3, 0]);
      expect(read.effectCount('pending', 99, 2)).toBe(2);
    });

    test('those of a status that are due later than an instant come alone', () => {
      const dueAts = [70, 80, 80, 90];
      applyAll(opened(), ...dueAts.map((at, index) => birth(`lamp/l${index}`, { at, effects: [glow] })));
      const later = (dueAfter: number, after?: string) => {
        const page = { limit: 2, ...(after !== undefined && { after }) };
        const { items, next } = opened().read.effects({ status: 'pending', dueAfter }, page);
        return { of: items.map(({ dueAt }) => dueAt), next };
      };
      expect(later(90).of).toEqual([]);
      expect(later(80).of).toEqual([90]);
      const first = later(70);
      expect(first.of).toEqual([80, 80]);
      expect(later(70, first.next ?? '').of).toEqual([90]);
    });

    test('one that waits or was given up is due when a person says so; one that runs or is done is not', () => {
      applyAll(opened(), birth('lamp/hall', { at: 70, effects: [glow, glow, glow, glow] }));
      const retried = opened().commit((tx) => {
        tx.postponeEffect('lamp/hall#1#0', 9_000);
        tx.settleEffect('lamp/hall#1#1', 'dead', 'no light');
        tx.claimEffect('lamp/hall#1#2', 1);
        tx.settleEffect('lamp/hall#1#3', 'done', null);
        return [0, 1, 2, 3].map((index) => tx.retryEffect(`lamp/hall#1#${index}`, 100));
      });
      expect(retried).toEqual([true, true, false, false]);
      expect(dueKeys(100)).toEqual(['lamp/hall#1#0', 'lamp/hall#1#1']);
      expect(opened().read.effect('lamp/hall#1#1')).toMatchObject({ status: 'pending', note: null, dueAt: 100 });
      expect(opened().commit((tx) => tx.claimEffect('lamp/hall#1#1', 2))).toBe(true);
    });
  });

  describe('requests and pruning', () => {
    const request = (key: string, at: number) => ({
      principal: 'ann',
      key,
      hash: `hash of ${key}`,
      response: { seq: at },
      at,
    });

    test('a request is remembered by principal and key, once', () => {
      opened().commit((tx) => tx.saveRequest(request('k', 1)));
      expect(opened().read.request('ann', 'k')).toEqual({ hash: 'hash of k', response: { seq: 1 } });
      expect(opened().read.request('bob', 'k')).toBeNull();
      expect(() => opened().commit((tx) => tx.saveRequest(request('k', 2)))).toThrow(Bug);
    });

    test('prune deletes old requests and old settled effects, within its bound', () => {
      applyAll(opened(), birth('lamp/hall', { at: 10, effects: [glow, glow, glow] }));
      opened().commit((tx) => {
        for (const at of [10, 20, 30]) tx.saveRequest(request(`k${at}`, at));
        tx.claimEffect('lamp/hall#1#0', 1);
        tx.settleEffect('lamp/hall#1#0', 'done', null);
        tx.settleEffect('lamp/hall#1#1', 'superseded', null);
      });
      expect(opened().commit((tx) => tx.prune(30, 3))).toBe(3);
      expect(['k10', 'k20', 'k30'].map((key) => opened().read.request('ann', key) !== null)).toEqual([
        false,
        false,
        true,
      ]);
      expect(statuses()).toEqual(['superseded', 'pending']);
      expect(opened().commit((tx) => tx.prune(30, 99))).toBe(1);
      expect(statuses()).toEqual(['pending']);
      expect(opened().commit((tx) => tx.prune(30, 99))).toBe(0);
    });
  });
}
