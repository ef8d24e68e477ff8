import { it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { walk } from './walk.ts';
it('many', { timeout: 3_000_000 }, async () => {
  const from = Number(process.env.FROM ?? 100), n = Number(process.env.N ?? 200);
  const out: string[] = []; let bad = 0;
  const t0 = performance.now();
  for (let s = from; s < from + n; s++) {
    let r: string[];
    try { r = await walk(s); } catch (e) { r = [`seed ${s} threw ${(e as Error).stack}`]; }
    if (r.length) { bad++; out.push(r.join('\n')); if (bad > 8) break; }
  }
  out.push(`bad ${bad}, ${(performance.now() - t0) / n} ms each`);
  writeFileSync(process.env.OUT ?? '/tmp/scratch/many.txt', out.join('\n\n'));
});
