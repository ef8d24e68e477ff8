/**
 * The program under torture: `yardmaster up` as it is in the sources, in one file, so that a life of it begins in a
 * third of a second and most kills hit it at work instead of while it loads.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Below the repository, so that the native module is found from there. */
const cache = join(root, 'node_modules', '.cache');

export type Program = {
  /** The file to give to Node. */
  readonly file: string;
  remove(): void;
};

export async function bundleProgram(): Promise<Program> {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'yardmaster-torture-'));
  await build({
    entryPoints: { cli: join(root, 'src/cli.ts'), supervisor: join(root, 'src/agents/supervisor.ts') },
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    external: ['better-sqlite3'],
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module';const require = makeRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return { file: join(folder, 'cli.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
