/** Tidy's rules about who imports whom: layers point down, there are no circles, and nothing lies around unused. */
import { posix } from 'node:path';
import { findCycles } from '../../src/town/workfile/cycle.ts';
import { type Finding, finding, lineAt, type Source } from './source.ts';

export type Import = { readonly from: string; readonly offset: number };

const IMPORT = /\b(?:import|export)\s(?:[^;'"`]*?\sfrom\s+)?'([^']+)'|\bimport\s*\(\s*'([^']+)'/g;

/** What a file imports or re-exports: packages as they are written, files from the root of the repository. */
export function importsOf(source: Source): Import[] {
  return [...source.uncommented.matchAll(IMPORT)].map((match) => {
    const written = match[1] ?? match[2] ?? '';
    const from = written.startsWith('.') ? posix.join(posix.dirname(source.path), written) : written;
    return { from, offset: match.index };
  });
}

/** Folders (with a slash), files, `node:` and packages that a layer may import, beside itself. */
type Layer = { readonly at: string; readonly may: readonly string[] };

const ENGINE = ['src/core/', 'src/env/', 'src/store/', 'src/engine/', 'src/scheduler/'];
const TOWN = [...ENGINE, 'src/agents/', 'machines/', 'src/town/'];
const ALL = ['src/', 'machines/', 'node:', '*'];

/** The first layer whose `at` begins a path is the path's. */
const LAYERS: readonly Layer[] = [
  { at: 'machines/', may: ['src/core/types.ts', 'src/core/define.ts', 'xstate', 'zod'] },
  { at: 'src/core/', may: ['xstate'] },
  { at: 'src/env/', may: ['src/core/', 'node:'] },
  { at: 'src/store/', may: ['src/core/', 'src/env/', 'better-sqlite3', 'node:'] },
  // The one file of its folder that stands above the scheduler: it wires both together.
  { at: 'src/engine/engine.ts', may: ENGINE },
  { at: 'src/engine/', may: ['src/core/', 'src/env/', 'src/store/'] },
  { at: 'src/scheduler/', may: ['src/core/', 'src/env/', 'src/store/', 'src/engine/'] },
  { at: 'src/agents/', may: ['src/core/types.ts', 'src/core/errors.ts', 'src/env/', 'execa', 'string-argv', 'node:'] },
  {
    at: 'src/runners/',
    may: ['src/core/types.ts', 'src/core/errors.ts', 'src/env/', 'src/agents/', 'zod', 'node:'],
  },
  {
    at: 'src/drivers/',
    may: ['src/core/types.ts', 'src/core/errors.ts', 'src/env/', '@agentclientprotocol/sdk', 'node:'],
  },
  { at: 'src/drive/', may: ['src/core/', 'src/env/', 'src/drivers/', 'execa', 'node:'] },
  // What a town tells the inspector: it implements the port of a host.
  { at: 'src/town/inspection/', may: [...TOWN, 'src/inspector/', 'node:'] },
  { at: 'src/town/', may: [...TOWN, 'src/inspector/source.ts', 'yaml', 'zod', 'node:'] },
  { at: 'src/callbacks/', may: [...TOWN, '@modelcontextprotocol/sdk', 'zod', 'node:'] },
  {
    // The pages run in browsers: of the rest they know the contract, the drawing, and what a chart is.
    at: 'src/inspector/app/',
    may: [
      ...['src/inspector/contract.ts', 'src/inspector/contract-commands.ts', 'src/inspector/contract-page.ts'],
      ...[
        'src/inspector/contract-stream.ts',
        'src/inspector/draw/',
        'src/core/chart.ts',
        'src/core/types.ts',
        'virtual:',
      ],
      ...['preact', '@preact/signals', 'preact-render-to-string', 'uplot', 'vite', 'node:'],
    ],
  },
  // It knows no town: what a town says of itself comes through its port.
  { at: 'src/inspector/', may: [...ENGINE, 'src/http/', 'hono', '@hono/node-server', 'ws', 'xstate', 'zod', 'node:'] },
  // A package of its own, with an XState 4 of its own.
  { at: 'src/xstate-inspect/', may: ['@xstate/inspect', 'xstate'] },
  {
    at: 'src/http/',
    may: [
      ...TOWN,
      'src/callbacks/',
      'src/runners/',
      'src/inspector/',
      'hono',
      '@hono/node-server',
      '@hono/zod-openapi',
      'zod',
      'node:',
    ],
  },
  { at: 'src/incidents/', may: [...TOWN, 'src/simulator/', 'zod', 'node:'] },
  { at: 'src/check/', may: [...TOWN, 'xstate', 'node:'] },
  { at: 'src/simulator/', may: [...TOWN, 'src/incidents/', 'zod', 'yaml', 'node:'] },
  { at: 'src/cli/', may: ALL },
  { at: 'src/cli.ts', may: ALL },
  { at: 'src/index.ts', may: ALL },
];

export function layers(source: Source): Finding[] {
  if (source.path.startsWith('test/')) return [];
  const layer = LAYERS.find(({ at }) => source.path.startsWith(at));
  if (!layer)
    return [
      { path: source.path, line: 1, message: 'a file of no layer — use a folder of the table in test/tidy/imports.ts' },
    ];
  return importsOf(source).flatMap(({ from, offset }) => {
    const allowed = [layer.at, ...layer.may].some((may) => permits(may, from));
    const message = `${layer.at} imports ${from} — use only ${layer.may.join(', ')}, or a port that is passed in`;
    return allowed ? [] : [finding(source, offset, message)];
  });
}

function permits(may: string, from: string): boolean {
  if (may === '*') return !from.includes('.ts');
  if (may.endsWith('/') || may.endsWith(':')) return from.startsWith(may);
  return from === may || (!may.includes('.') && from.startsWith(`${may}/`));
}

const CYCLES_MAX = 20;

export function cycles(sources: readonly Source[]): Finding[] {
  const production = sources.filter(({ path }) => !path.startsWith('test/'));
  const edges = new Map(production.map((source) => [source.path, importsOf(source).map(({ from }) => from)]));
  return findCycles(edges, CYCLES_MAX).map((cycle) => ({
    path: cycle[0] ?? '',
    line: 1,
    message: `a circle of imports: ${cycle.join(' → ')} — use a file below that both import`,
  }));
}

const ENTRIES = new RegExp(
  [
    ...[String.raw`^src/(?:index|cli|xstate-inspect/index)\.ts$`, String.raw`^machines/index\.ts$`],
    ...[String.raw`^src/inspector/app/(?:main|entry-server)\.tsx$`, String.raw`\.d\.ts$`, String.raw`\.test\.tsx?$`],
    String.raw`^test/browser/setup\.ts$`,
  ].join('|'),
);

/**
 * Production that only tests use counts as unused. A file may also be named in a string, to run it, or in
 * package.json.
 */
export function unimported(sources: readonly Source[], packageJson: string): Finding[] {
  const used = new Set<string>();
  for (const source of sources) {
    for (const { from } of importsOf(source)) {
      if (!source.path.startsWith('test/') || from.startsWith('test/')) used.add(from);
    }
  }
  const named = (path: string) => {
    const name = posix.basename(path).replace(/\.tsx?$/, '.');
    const here = (source: Source) =>
      source.path !== path && source.path.startsWith(path.startsWith('test/') ? 'test/' : 'src/');
    return sources.some(
      (source) => here(source) && source.strings.some(({ text }) => text.includes(`/${name}`) || text === `${name}ts`),
    );
  };
  return sources
    .filter(({ path }) => !ENTRIES.test(path) && !used.has(path) && !packageJson.includes(path) && !named(path))
    .map(({ path }) => ({ path, line: 1, message: 'a file that nobody imports — use it or remove it' }));
}

export function dependencies(packageJson: string, architecture: string): Finding[] {
  const names = Object.keys((JSON.parse(packageJson) as { dependencies?: object }).dependencies ?? {});
  return names
    .filter((name) => !architecture.includes(`\`${name}\``))
    .map((name) => ({
      path: 'package.json',
      line: lineAt(packageJson, packageJson.indexOf(`"${name}"`)),
      message: `the dependency ${name} has no reason — use docs/ARCHITECTURE.md to say \`${name}\` and why, or do without`,
    }));
}
