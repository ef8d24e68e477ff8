/** Tidy's own rules, on snippets: what they find, and what they leave alone. */
import { describe, expect, it } from 'vitest';
import { anchors, links, titles } from './documents.ts';
import { functionBodies } from './functions.ts';
import { cycles, dependencies, importsOf, layers, unimported } from './imports.ts';
import { type Finding, readSource } from './source.ts';
import { banned, checkFile, functionLengths, opening, sizes, sqlOutsideStore } from './text-rules.ts';

const report = (findings: readonly Finding[]) =>
  findings.map(({ path, line, message }) => `${path}:${line}: ${message}`);
const files = (record: Record<string, string>) => Object.entries(record).map(([path, text]) => readSource(path, text));
const lines = (count: number) => '  step();\n'.repeat(count);

describe('reading a source', () => {
  it('blanks comments, strings, templates and patterns, and keeps every line and column', () => {
    const text = [
      "const a = 'Date.now'; // Date.now",
      '/* Date.now\n Date.now */ const b = `Date.now $' + '{Date.now({ c: `x$' + '{1}` })} Date.now`;',
      'const d = /Date.now[/"]/.test(a) || 4 / 2 / 1;',
      'const e = "it\\"s Date.now";',
    ].join('\n');
    const { code, uncommented } = readSource('src/x.ts', text);
    expect(code).toHaveLength(text.length);
    expect([...code.matchAll(/Date\.now/g)].map(({ index }) => index)).toEqual([text.indexOf('Date.now({')]);
    expect([...uncommented.matchAll(/Date\.now/g)]).toHaveLength(6);
    expect(code).toContain('4 / 2 / 1');
    expect(code.split('\n').map((line) => line.length)).toEqual(text.split('\n').map((line) => line.length));
  });
});

describe('banned calls', () => {
  it.each([
    'Date.now()',
    'new Date(0)',
    'Math.random()',
    'randomUUID()',
    'setTimeout(f, 1)',
    'setInterval(f, 1)',
    'performance.now()',
    'process.env.HOME',
  ])('%s is found outside src/env and the command line', (call) => {
    const text = `const x = 1;\nconst y = ${call};\n`;
    expect(report(banned(readSource('src/town/x.ts', text)))).toEqual([
      expect.stringMatching(/^src\/town\/x\.ts:2: .* outside src\/env — use /),
    ]);
    expect(banned(readSource('machines/x.ts', text))).toHaveLength(1);
    for (const path of ['src/env/x.ts', 'src/cli.ts', 'src/cli/x.ts', 'test/x.test.ts']) {
      expect(banned(readSource(path, text))).toEqual([]);
    }
  });

  it('words of the town are found in the engine, in comments and names too, and nowhere else', () => {
    const text = '// Like a bead.\nconst convoyId = 1;\n';
    expect(report(banned(readSource('src/engine/x.ts', text))).map((line) => line.slice(0, 18))).toEqual([
      'src/engine/x.ts:1:',
      'src/engine/x.ts:2:',
    ]);
    expect(banned(readSource('src/town/x.ts', text))).toEqual([]);
  });

  it('shells are found, patterns and databases that are executed are not', () => {
    const bad = ['run(a, { shell: true })', 'exec(line)', 'execSync(line)'];
    const good = ['/x/.exec(line)', 'database.exec(line)', 'execFile(a, [])', 'run(a, { shell: false })'];
    const found = (call: string) => banned(readSource('src/agents/x.ts', `const x = ${call};`)).length;
    expect(bad.map(found)).toEqual([1, 1, 1]);
    expect(good.map(found)).toEqual([0, 0, 0, 0]);
  });

  it.each([
    [`// ${'TO'}${'DO'}: later`, 'a reminder'],
    [`// ${'FIX'}${'ME'}`, 'a reminder'],
    ['console.log(1);', 'console'],
    [`// @ts-${'ignore'}`, 'a silenced type check'],
    ['const x = y as any;', 'as any'],
    [`// biome-${'ignore'} lint: x`, 'a silenced lint'],
    ["throw new Error('x');", 'throw new Error('],
    ['const ctx = 1;', 'an abbreviation'],
  ])('%s is found', (text, what) => {
    expect(report(banned(readSource('src/x.ts', text)))).toEqual([expect.stringContaining(`src/x.ts:1: ${what}`)]);
  });

  it('SQL is found outside the store, prose that begins like it is not', () => {
    const text =
      "a('select * from entity');\nb(`UPDATE timer\n SET x = 1`);\nc('update the chart'); d('Select one.');\n";
    expect(sqlOutsideStore(readSource('src/engine/x.ts', text)).map(({ line }) => line)).toEqual([1, 2]);
    expect(sqlOutsideStore(readSource('src/store/x.ts', text))).toEqual([]);
  });
});

describe('sizes', () => {
  it('lines have at most 120 characters; a string of a test may be longer', () => {
    expect(report(sizes(readSource('src/x.ts', `a\n${'x'.repeat(121)}\n`)))).toEqual([
      'src/x.ts:2: a line of 121 characters — use at most 120',
    ]);
    const string = `  '${'x'.repeat(121)}',\n`;
    expect(sizes(readSource('test/x.test.ts', string))).toEqual([]);
    expect(sizes(readSource('src/x.ts', string))).toHaveLength(1);
  });

  it('files have at most 400 lines', () => {
    expect(sizes(readSource('src/x.ts', lines(400)))).toEqual([]);
    expect(report(sizes(readSource('src/x.ts', lines(401))))[0]).toMatch(/^src\/x\.ts:1: a file of 401 lines/);
  });

  it('functions of every kind are measured, other braces are not', () => {
    const heads = [
      'function a() {',
      'const a = (b: number): { c: string } => {',
      'function a(b: () => void): Promise<{ c: string }> {',
      'export function* a<T>(b = { c: 1 }): Iterable<T | null> {',
      'class A { a(b: string): asserts b is "c" {',
      'class A { async #a() {',
      'function a(b: string): (c: number) => D | null {',
    ];
    for (const head of heads) {
      const count = functionBodies(readSource('src/x.ts', `${head}\n}${head.startsWith('class') ? ' }' : ''}`)).length;
      expect(count, head).toBe(1);
    }
    expect(functionBodies(readSource('src/x.ts', 'function a(): b {\n}\n\nclass C {\n}'))).toHaveLength(1);
    for (const head of [
      'if (a) {',
      'for (;;) {',
      'class A {',
      'const a = {',
      'type A = {',
      'a: switch (b) {',
      'try {',
    ]) {
      expect(functionBodies(readSource('src/x.ts', `${head}\n}`)), head).toEqual([]);
    }
  });

  it('functions have at most 60 lines; text inside them and machine definitions do not count', () => {
    const long = (body: string) => `/** X. */\nfunction a() {\n${body}}\n`;
    expect(functionLengths(readSource('src/x.ts', long(lines(58))))).toEqual([]);
    expect(report(functionLengths(readSource('src/x.ts', long(lines(59)))))).toEqual([
      'src/x.ts:2: a function of 61 lines — use at most 60, leaves made pure',
    ]);
    expect(functionLengths(readSource('src/x.ts', long(`  b(\`\n${'text\n'.repeat(99)}\`);\n`)))).toEqual([]);
    const machine = long(`  setup({}).createMachine({\n${lines(99)}});\n`);
    expect(functionLengths(readSource('machines/x.ts', machine))).toEqual([]);
    expect(functionLengths(readSource('src/x.ts', machine))).toHaveLength(1);
  });

  it('a file begins with a sentence', () => {
    for (const text of [
      '/** Says what. */',
      '#!/usr/bin/env node\n/** Says what. */',
      '/**\n * Says what,\n * and why.\n */',
    ]) {
      expect(opening(readSource('src/x.ts', text)), text).toEqual([]);
    }
    for (const text of ['', "import 'x';\n/** Says what. */", '// Says what.', '/** what */', '/** Nothing */']) {
      expect(opening(readSource('src/x.ts', text)), text).toHaveLength(1);
    }
  });

  it('a good file has no findings', () => {
    const text = "/** Adds. */\nimport { b } from './b.ts';\n\nexport const add = (a: number) => a + b;\n";
    expect(checkFile(readSource('src/core/a.ts', text))).toEqual([]);
  });
});

describe('imports', () => {
  it('are read over several lines, with re-exports, types and dynamic ones', () => {
    const text = [
      "import type {\n  A,\n} from '../a.ts';",
      "export { b } from './b.ts';",
      "import 'c';",
      "await import('./d.ts');",
      "// import './no.ts'",
    ].join('\n');
    expect(importsOf(readSource('src/x/y.ts', text)).map(({ from }) => from)).toEqual([
      'src/a.ts',
      'src/x/b.ts',
      'c',
      'src/x/d.ts',
    ]);
  });

  it.each([
    ['src/core/x.ts', '../env/env.ts'],
    ['src/core/x.ts', 'node:fs'],
    ['src/store/x.ts', '../engine/x.ts'],
    ['src/engine/x.ts', '../scheduler/x.ts'],
    ['src/engine/x.ts', 'node:crypto'],
    ['src/scheduler/x.ts', '../../machines/index.ts'],
    ['src/agents/x.ts', '../engine/engine.ts'],
    ['src/agents/x.ts', '../core/step.ts'],
    ['machines/x.ts', '../src/engine/engine.ts'],
    ['machines/x.ts', 'hono'],
    ['src/town/x.ts', '../http/x.ts'],
    ['src/elsewhere/x.ts', './y.ts'],
  ])('of %s may not reach %s', (path, from) => {
    const found = report(layers(readSource(path, `\nimport '${from}';`)));
    expect(found).toEqual([expect.stringMatching(new RegExp(`^${path}:[12]: .* — use `))]);
  });

  it.each([
    ['src/core/x.ts', './y.ts'],
    ['src/engine/engine.ts', '../scheduler/x.ts'],
    ['src/town/x.ts', '../../machines/index.ts'],
    ['src/http/x.ts', 'hono/streaming'],
    ['src/cli/x.ts', 'commander'],
    ['src/index.ts', './engine/engine.ts'],
    ['machines/x.ts', '../src/core/types.ts'],
    ['test/x.test.ts', '../src/core/step.ts'],
  ])('of %s may reach %s', (path, from) => {
    expect(layers(readSource(path, `import '${from}';`))).toEqual([]);
  });

  it('do not go in circles', () => {
    const found = cycles(files({ 'src/a.ts': "import './b.ts';", 'src/b.ts': "import type { A } from './a.ts';" }));
    expect(report(found)).toEqual([
      'src/a.ts:1: a circle of imports: src/a.ts → src/b.ts → src/a.ts — use a file below that both import',
    ]);
  });

  it('reach every file, or its name is said to run it', () => {
    const sources = files({
      'src/index.ts': "import './used.ts';",
      'src/used.ts': "spawn(new URL('./spawned.ts', import.meta.url));",
      'src/spawned.ts': '',
      'src/unused.ts': '',
      'test/a.test.ts': "import '../src/unused.ts'; import './fixture.ts';",
      'test/fixture.ts': '',
      'test/forgotten.ts': '',
      'test/bench.ts': '',
    });
    const found = unimported(sources, '{ "scripts": { "bench": "tsx test/bench.ts" } }');
    expect(found.map(({ path }) => path)).toEqual(['src/unused.ts', 'test/forgotten.ts']);
  });

  it('of packages have a reason in the documents', () => {
    const packageJson = '{\n  "dependencies": {\n    "good": "1",\n    "bad": "1"\n  }\n}';
    expect(report(dependencies(packageJson, '- `good` because.'))).toEqual([
      expect.stringMatching(/^package\.json:4: the dependency bad has no reason — use /),
    ]);
  });
});

describe('documents', () => {
  it('have one title, and code is not one', () => {
    expect(titles({ path: 'a.md', text: '# A\n```sh\n# comment\n```\n## B' })).toEqual([]);
    expect(report(titles({ path: 'a.md', text: '# A\n\n# B' }))).toEqual([
      'a.md:3: 2 titles — use one "# " line, and "## " below it',
    ]);
    expect(titles({ path: 'a.md', text: 'A' })).toHaveLength(1);
  });

  it('have links to files and headings that are there', () => {
    const pages: Record<string, string> = { 'docs/b.md': '# B\n## What it is, `really`?', 'src/x.ts': '', docs: '' };
    const read = (path: string) => pages[path] ?? null;
    const good =
      '# A\n[a](#a) [b](b.md#what-it-is-really) ![c](../src/x.ts) [d](https://x.example/y) [e](./) `[f](no)`';
    expect(links({ path: 'docs/a.md', text: good }, (path) => read(path.replace(/\/$/, '')))).toEqual([]);
    const bad = '# A\n[a](c.md)\n[b](b.md#nothing) [c](#nothing)';
    expect(
      links({ path: 'docs/a.md', text: bad }, read).map(({ line, message }) => [line, message.slice(0, 22)]),
    ).toEqual([
      [2, 'a link to c.md, which '],
      [3, 'a link to b.md#nothing'],
      [3, 'a link to #nothing, wh'],
    ]);
  });

  it('number headings that are repeated', () => {
    expect([...anchors('# A\n## B\n## B')]).toEqual(['a', 'b', 'b-1']);
  });
});
