/**
 * How the inspector's pages are built: what browsers load, and the bundle that paints the first view on the server.
 * `build.ts` makes both and puts them into `dist/inspector`; nothing of them is loaded from anywhere else.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { chartCss } from '../draw/css.ts';
import { budget } from './budget.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * The looks of charts are a text that files standing alone embed too: here it becomes a style sheet like the others.
 */
function chartStyles(): Plugin {
  const id = '\0chart.css';
  return {
    name: 'chart-styles',
    resolveId: (source) => (source === 'virtual:chart.css' ? id : null),
    load: (loaded) => (loaded === id ? `@layer chart { ${chartCss} }` : null),
  };
}

type Manifest = Readonly<Record<string, { file: string; css?: readonly string[]; imports?: readonly string[] }>>;

/**
 * Tells the server's bundle which files each screen is in, so that the first paint links them: looks first, and code
 * that is on its way before it is asked for. Built after the pages, whose manifest it reads.
 */
function screenFiles(): Plugin {
  const id = '\0screen-files';
  let folder = '';
  return {
    name: 'screen-files',
    configResolved: ({ build }) => {
      folder = build.outDir;
    },
    resolveId: (source) => (source === 'virtual:screen-files' ? id : null),
    load: (loaded) => (loaded === id ? `export const screenFiles = ${JSON.stringify(filesOfScreens(folder))}` : null),
  };
}

function filesOfScreens(folder: string) {
  const manifest = JSON.parse(readFileSync(join(folder, '.vite', 'manifest.json'), 'utf8')) as Manifest;
  const screens = Object.keys(manifest).flatMap((source) => {
    const name = /(\w+?)(?:Screen)?\.tsx$/.exec(source)?.[1];
    return name === undefined
      ? []
      : [[name.charAt(0).toLowerCase() + name.slice(1), filesOf(manifest, source)] as const];
  });
  return Object.fromEntries(screens.map(([name, files]) => [name, [...files]]));
}

function filesOf(manifest: Manifest, source: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[source];
  if (chunk === undefined || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const style of chunk.css ?? []) seen.add(style);
  for (const imported of chunk.imports ?? []) filesOf(manifest, imported, seen);
  return seen;
}

export default defineConfig(({ isSsrBuild }) => ({
  root: here('.'),
  // Relative, so that the pages work wherever a host mounts them.
  base: './',
  publicDir: false,
  logLevel: 'warn',
  plugins: [chartStyles(), screenFiles(), budget()],
  build: {
    // Given by `build.ts`: a folder of its own for each build.
    emptyOutDir: false,
    target: 'es2022',
    assetsInlineLimit: 0,
    manifest: !isSsrBuild,
    modulePreload: { polyfill: false },
    rolldownOptions: isSsrBuild
      ? { input: here('entry-server.tsx'), output: { entryFileNames: 'server.js', codeSplitting: false } }
      : {},
  },
  // Everything is inside the bundle: the packages that it is made of are not installed beside the server.
  ssr: { noExternal: true },
}));
