import { describe, expect, it } from 'vitest';
import { createSimulatedEnv } from '../../src/env/simulated.ts';
import { openMemory } from '../../src/store/memory.ts';
import type { Reads } from '../../src/store/port.ts';
import { definitionResolver, stateAt, verifyTown } from '../../src/town/verify.ts';
import { MINUTE, SECOND, type World, world } from './world.ts';

async function busy(): Promise<{ w: World; reads: Reads }> {
  const env = createSimulatedEnv({ seed: 3 });
  const store = openMemory({ env });
  const w = await world({ env, store, beads: ['a', 'b'], policy: { jitter: 0.2 } });
  await w.env.until(w.container.beat(w.latest()));
  await w.env.until(w.container.exit(w.latest(), 1));
  await w.env.until(w.town.patchPolicy({ attemptsMax: 3 }));
  await w.restart();
  await w.pass(MINUTE);
  return { w, reads: store.read };
}

describe('verify', () => {
  it('replays every row through the machines that wrote it, changed settings and restarts included', async () => {
    const { w } = await busy();
    await using _ = w;
    const report = w.town.verify();
    expect(report).toMatchObject({ ok: true, problems: [], skipped: 0 });
    expect(report.rows).toBeGreaterThan(30);
  });

  it('names what was changed past the log', async () => {
    const { w, reads } = await busy();
    await using _ = w;
    const forged: Reads = {
      ...reads,
      entity: (ref) => {
        const row = reads.entity(ref);
        const mine = row && ref.machine === 'bead' && ref.id === 'a';
        return mine ? { ...row, snapshot: row.snapshot.replace('"runFailures":1', '"runFailures":0') } : row;
      },
    };
    expect(verifyTown(forged)).toMatchObject({
      ok: false,
      problems: [{ entity: 'bead/a', problem: 'its stored snapshot is not what its log leads to' }],
    });
  });

  it('judges no row of a machine that this program does not have', async () => {
    const { w, reads } = await busy();
    await using _ = w;
    const other: Reads = {
      ...reads,
      definition: (row) => {
        const stored = reads.definition(row);
        return stored && { ...stored, hash: 'of another version' };
      },
    };
    expect(definitionResolver(other)(1)).toBeNull();
    const report = verifyTown(other);
    expect([report.rows, report.skipped > 0]).toEqual([0, true]);
  });
});

describe('the state at a position of the log', () => {
  it('is what it was right after that row', async () => {
    await using w = await world();
    const ref = { machine: 'bead', id: 'b1' };
    const rows = w.town.log({ entity: ref });
    expect(rows.map(({ seq }) => w.town.stateAt(ref, seq)?.state)).toEqual(rows.map(({ after }) => after));
    expect(w.town.stateAt(ref, (rows[0]?.seq ?? 1) - 1)).toBeNull();
    await w.pass(SECOND);
  });

  it('is read from any reader of the log', async () => {
    const { w, reads } = await busy();
    await using _ = w;
    expect(stateAt(reads, { machine: 'bead', id: 'a' }, reads.lastSeq())?.state).toBe(w.bead('a').state);
  });
});
