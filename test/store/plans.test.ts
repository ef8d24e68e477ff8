/**
 * Each read is served by an index: no plan walks a table that grows, and none sorts.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { migrate } from '../../src/store/migrations.ts';
import { reads } from '../../src/store/statements.ts';
import { writes } from '../../src/store/write-statements.ts';
import { temporaryFolder } from './folders.ts';

const folder = temporaryFolder();

/** `leaf` is as long as the charts are, whatever the number of entities; pages of everything walk a primary key. */
const wholeTables: Readonly<Record<string, RegExp>> = {
  census: /^SCAN leaf USING INDEX/,
  // What they count is bounded by a LIMIT inside.
  effectCount: /^SCAN \(subquery/,
  logCount: /^SCAN \(subquery/,
  // Groups of a bounded range.
  logFigures: /^SCAN g$/,
};
const groups = ['logFigures'];
/** Once at a start: all liveness timers are looked at. */
const rareWrites = ['regrant'];

function plansOf(set: Readonly<Record<string, string>>): readonly (readonly [string, readonly string[]])[] {
  const db = new Database(join(folder(), 'plans.db'));
  if (db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0) migrate(db);
  const transactions = /^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)/;
  const plans = Object.entries(set)
    .filter(([, sql]) => !transactions.test(sql))
    .map(([name, sql]) => {
      const parameters = sql.includes(':') ? [namedParameters(sql)] : [...sql.matchAll(/\?/g)].map(() => 1);
      const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[];
      return [name, rows.map((row) => row.detail)] as const;
    });
  db.close();
  return plans;
}

function namedParameters(sql: string): Record<string, number> {
  return Object.fromEntries([...sql.matchAll(/:(\w+)/g)].map((match) => [match[1] as string, 1]));
}

describe('query plans', () => {
  test('no read walks a table or sorts', () => {
    for (const [name, plan] of plansOf(reads)) {
      const expected = wholeTables[name];
      const walks = plan.filter((detail) => detail.startsWith('SCAN') && !expected?.test(detail));
      expect(walks, `${name}: ${plan.join('; ')}`).toEqual([]);
      const sorts = groups.includes(name) ? 'TEMP B-TREE FOR ORDER' : 'TEMP B-TREE';
      expect(plan.join('; '), name).not.toContain(sorts);
    }
  });

  test('no write walks a table or sorts', () => {
    for (const [name, plan] of plansOf(writes)) {
      const walks = plan.filter((detail) => detail.startsWith('SCAN') && !rareWrites.includes(name));
      expect(walks, `${name}: ${plan.join('; ')}`).toEqual([]);
      expect(plan.join('; '), name).not.toContain('TEMP B-TREE FOR ORDER');
    }
  });

  test('queues and due lists are ranges of the index made for them', () => {
    const plans = new Map(plansOf(reads));
    expect(plans.get('queue')?.[0]).toMatch(/COVERING INDEX place_queue \(leaf=\?\)/);
    expect(plans.get('queueInScope')?.[0]).toMatch(/COVERING INDEX place_scope_queue \(leaf=\? AND scope=\?\)/);
    expect(plans.get('timersDue')?.[0]).toMatch(/INDEX timer_due \(due_at<\?\)/);
    expect(plans.get('effectsDue')?.[0]).toMatch(/INDEX outbox_due \(status=\? AND due_at<\?\)/);
    expect(plans.get('nextTimer')?.[0]).toMatch(/SEARCH timer USING COVERING INDEX timer_due/);
    expect(plans.get('nextEffect')?.[0]).toMatch(
      /SEARCH outbox USING COVERING INDEX outbox_due \(status=\? AND due_at>\?\)/,
    );
    expect(plans.get('timerCount')?.[0]).toMatch(/COVERING INDEX timer_due \(due_at>\? AND due_at<\?\)/);
    expect(plans.get('caused')?.[0]).toMatch(/INDEX log_by_cause \(cause=\?\)/);
    expect(plans.get('logUpRejected')?.[0]).toMatch(/INDEX log_rejected/);
  });
});
