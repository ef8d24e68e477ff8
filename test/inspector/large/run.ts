/** Measures the inspector on a large database: `tsx test/inspector/large/run.ts [entities] [rows] [times]`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure, paceText } from './pace.ts';

const [entities = 10_000, rows = 1_000_000, times = 20] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'inspector-large-'));
try {
  process.stdout.write(paceText(await measure(join(folder, 'large.db'), { entities, rows }, times)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
