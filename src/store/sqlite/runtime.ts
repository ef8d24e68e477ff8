/**
 * Asserts, before the first connection, that this Node can run this SQLite: a wrong pair crashes without a word.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Terminal } from '../../core/errors.ts';

/** Earlier ones have a fault that can damage the database when the write-ahead log is reset. */
const sqliteMin = [3, 51, 3] as const;
const bindingMajorForOldNode = 12;
const newNodeMajor = 22;

export type Runtime = { readonly node: string; readonly binding: string };

/** Throws `Terminal` with the remedy when better-sqlite3 is too new for this Node. */
export function assertRuntime(runtime: Runtime = installed()): void {
  const node = Number.parseInt(runtime.node, 10);
  const binding = Number.parseInt(runtime.binding, 10);
  if (node >= newNodeMajor || binding <= bindingMajorForOldNode) return;
  throw new Terminal(
    `better-sqlite3 ${runtime.binding} needs Node ${newNodeMajor} or newer; this is Node ${runtime.node}. ` +
      `Run a newer Node, or install better-sqlite3@^${bindingMajorForOldNode}.`,
  );
}

/** Throws `Terminal` when SQLite is older than the first sound version. */
export function assertSqlite(version: string): void {
  const parts = version.split('.').map(Number);
  for (const [place, least] of sqliteMin.entries()) {
    const part = parts[place] ?? 0;
    if (part > least) return;
    if (part < least) {
      throw new Terminal(
        `SQLite ${version} can damage a database; install a better-sqlite3 with ${sqliteMin.join('.')}.`,
      );
    }
  }
}

function installed(): Runtime {
  const main = createRequire(import.meta.url).resolve('better-sqlite3');
  const description = JSON.parse(readFileSync(join(dirname(main), '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return { node: process.versions.node, binding: description.version };
}
