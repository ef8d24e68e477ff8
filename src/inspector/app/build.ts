/**
 * Builds the pages, what browsers load and what paints the first view, and puts them into `dist/inspector` one by one.
 * Whoever reads there meanwhile, a running server or another build, finds a whole set: files have hashed names, the
 * document that names them is replaced in one step, and what the build before had named stays until the next one.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const configFile = fileURLToPath(new URL('vite.config.ts', import.meta.url));
const target = fileURLToPath(new URL('../../../dist/inspector', import.meta.url));
const MANIFEST = join('.vite', 'manifest.json');
/** In this order: what is named is there before what names it. */
const LAST = [MANIFEST, 'server.js', 'index.html'];

type Manifest = Readonly<Record<string, { file: string; css?: readonly string[]; assets?: readonly string[] }>>;

/** The files below `assets/` that a build has made. */
function assetsOf(folder: string): readonly string[] {
  const file = join(folder, MANIFEST);
  if (!existsSync(file)) return [];
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  return Object.values(manifest).flatMap(({ file, css = [], assets = [] }) => [file, ...css, ...assets]);
}

/** A reader sees the file as it was or as it is, never a half of it. */
function publish(folder: string, file: string): void {
  const whole = join(target, file);
  const coming = `${whole}.${process.pid}`;
  mkdirSync(dirname(whole), { recursive: true });
  copyFileSync(join(folder, file), coming);
  renameSync(coming, whole);
}

/** Takes away what neither this build nor the one before it has named. */
function sweep(kept: ReadonlySet<string>): void {
  for (const name of readdirSync(join(target, 'assets'))) {
    const isComing = /\.\d+$/.test(name);
    if (!isComing && !kept.has(`assets/${name}`)) rmSync(join(target, 'assets', name), { force: true });
  }
}

mkdirSync(dirname(target), { recursive: true });
const folder = mkdtempSync(join(dirname(target), '.pages-'));
try {
  await build({ configFile, build: { outDir: folder } });
  await build({ configFile, build: { outDir: folder, ssr: true } });
  const before = assetsOf(target);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  for (const file of [...files.filter((file) => !LAST.includes(file)), ...LAST]) publish(folder, file);
  sweep(new Set([...before, ...assetsOf(target), ...files]));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
