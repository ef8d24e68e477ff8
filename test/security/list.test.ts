/** The security list is whole: every line of it is in the document, and every test that it names is there and runs. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ITEMS = 38;

type Line = {
  readonly item: string;
  readonly tests: readonly { file: string; name: string }[];
};

/** The lines of the table: a name belongs to the file before it, and without one to the file that was named last. */
function lines(): readonly Line[] {
  const text = readFileSync(`${ROOT}docs/SECURITY.md`, 'utf8');
  return [...text.matchAll(/^\| (SEC\d+) \|[^|]+\| (.+) \|$/gm)].map(([, item = '', proof = '']) => {
    const tests: { file: string; name: string }[] = [];
    let file = '';
    for (const [, path, name] of proof.matchAll(/`(test\/[\w./-]+\.ts)`|"([^"]+)"/g)) {
      if (path) file = path;
      if (name) tests.push({ file, name });
    }
    return { item, tests };
  });
}

it('has every item once, in order, each with a test', () => {
  expect(lines().map(({ item }) => item)).toEqual(Array.from({ length: ITEMS }, (_, index) => `SEC${index + 1}`));
  expect(lines().filter(({ tests }) => tests.length === 0)).toEqual([]);
});

it('names tests that exist', () => {
  const missing = lines().flatMap(({ item, tests }) =>
    tests.flatMap(({ file, name }) => {
      const text = existsSync(ROOT + file) ? readFileSync(ROOT + file, 'utf8') : '';
      return text.replaceAll("\\'", "'").includes(name) ? [] : [`${item}: ${file}: ${name}`];
    }),
  );
  expect(missing).toEqual([]);
});

it('leaves nothing open: no item waits, and no test of the list is expected to fail or left out', () => {
  expect(readFileSync(`${ROOT}docs/SECURITY.md`, 'utf8')).not.toMatch(/\*\*waits\*\*/);
  const files = [...new Set(lines().flatMap(({ tests }) => tests.map(({ file }) => file)))];
  const off = files.filter((file) =>
    /\b(?:it|test|describe)\.(?:fails|skip|todo|only)\(/.test(readFileSync(ROOT + file, 'utf8')),
  );
  expect(off).toEqual([]);
});
