/**
 * A folder of its own for each test file, gone when its tests are.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** Gives the path of the folder, once the tests run. */
export function temporaryFolder(): () => string {
  let path = '';
  beforeAll(() => {
    path = mkdtempSync(join(tmpdir(), 'store-'));
  });
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return () => path;
}
