/** Folders of a test, gone after it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function folder(): { make(): string; clear(): void } {
  const made: string[] = [];
  return {
    make: () => {
      const path = mkdtempSync(join(tmpdir(), 'yardmaster-http-'));
      made.push(path);
      return path;
    },
    clear: () => {
      for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
    },
  };
}
