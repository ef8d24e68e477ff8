/** Pages of a growing log put together: no hole, no twin, newest first. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Rows, withNewest, withOlder } from '../../../../src/inspector/app/screens/log/merge.ts';

type Row = { readonly seq: number };

/** What a server with rows 1..head would answer. */
function page(head: number, size: number, before = head + 1): Rows<Row> {
  const rows: Row[] = [];
  for (let seq = before - 1; seq > 0 && rows.length < size; seq -= 1) rows.push({ seq });
  const last = rows.at(-1)?.seq ?? 1;
  return { rows, next: last > 1 ? String(last) : null };
}

describe('rows of a growing log', () => {
  const acts = fc.array(fc.oneof(fc.record({ grow: fc.nat(30) }), fc.constant('older' as const)), { maxLength: 40 });

  it('stay without hole and without twins, whatever comes live and whatever is asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.nat(40), acts, (size, begin, doings) => {
        let head = begin;
        let known = page(head, size);
        for (const doing of doings) {
          if (doing === 'older') {
            if (known.next === null) continue;
            known = withOlder(known, page(head, size, Number(known.next)));
          } else {
            head += doing.grow;
            known = withNewest(known, page(head, size));
          }
          const seqs = known.rows.map(({ seq }) => seq);
          expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => head - index));
          expect(known.next === null).toBe((seqs.at(-1) ?? 1) === 1);
        }
      }),
    );
  });

  it('keeps what was loaded below while new rows come above', () => {
    const known = withOlder(page(20, 5), page(20, 5, 16));
    const after = withNewest(known, page(22, 5));
    expect(after.rows.map(({ seq }) => seq)).toEqual([22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11]);
  });
});
