/** The security list is whole: every line of it is in the document, and every test that it names is there. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ITEMS = 38;

type Line = {
  readonly item: string;
  readonly tests: readonly { file: string; name: string }[];
  readonly waits: number;
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
    return { item, tests, waits: proof.split('**waits** for ').length - 1 };
  });
}

it('has every item once, in order, each with a test or with what it waits for', () => {
  expect(lines().map(({ item }) => item)).toEqual(Array.from({ length: ITEMS }, (_, index) => `SEC${index + 1}`));
  expect(lines().filter(({ tests, waits }) => tests.length === 0 && waits === 0)).toEqual([]);
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

it('says of every test that is expected to fail that its item waits', () => {
  const failing = ['runs', 'hands'].flatMap((name) => {
    const text = readFileSync(`${ROOT}test/security/${name}.test.ts`, 'utf8');
    return [...text.matchAll(/\.fails\(\s*'(SEC\d+)/g)].map(([, item = '']) => item);
  });
  const waiting = lines().filter(({ waits }) => waits > 0);
  for (const item of failing) expect(waiting.map((line) => line.item)).toContain(item);
});
