/** The built pages on disk: their template, their files with hashed names, and what paints the first view. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, normalize, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { coerceError } from '../../core/errors.ts';
import type { Env } from '../../env/env.ts';
import type { PageRenderer } from '../contract-page.ts';

export type Asset = { readonly type: string; readonly plain: Uint8Array; readonly packed: Uint8Array | null };

const types: Readonly<Record<string, string>> = {
  ...{ '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' },
  ...{ '.png': 'image/png', '.ico': 'image/x-icon', '.json': 'application/json', '.map': 'application/json' },
};
const packing = promisify(gzip);
/** What is packed smaller than this is sent as it is. */
const PACKED_MIN = 1_024;

/** `dist/inspector` of the package that this file belongs to, from its source as from what was built of it. */
function builtFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, 'dist', 'inspector');
}

export class Assets {
  readonly #folder: string;
  readonly #env: Env;
  readonly #kept = new Map<string, Asset>();
  #renderer: Promise<PageRenderer | null> | null = null;

  constructor(env: Env, folder = builtFolder()) {
    this.#env = env;
    this.#folder = folder;
  }

  /** Null: there is no such file. `path`: `assets/main-1a2b.js`. */
  async get(path: string): Promise<Asset | null> {
    const known = this.#kept.get(path);
    if (known) return known;
    const file = normalize(join(this.#folder, path));
    const type = types[extname(file)];
    if (!type || !file.startsWith(`${this.#folder}${sep}`) || !isFile(file)) return null;
    const plain = readFileSync(file);
    const packed = plain.length < PACKED_MIN ? null : await packing(plain);
    const asset = { type, plain: new Uint8Array(plain), packed: packed && new Uint8Array(packed) };
    this.#kept.set(path, asset);
    return asset;
  }

  /** The built `index.html`; null when the pages were not built. */
  template(): string | null {
    const file = join(this.#folder, 'index.html');
    return isFile(file) ? readFileSync(file, 'utf8') : null;
  }

  /** Null when it was not built, or can not be loaded: then pages are painted by the browser alone. */
  async renderer(): Promise<PageRenderer | null> {
    this.#renderer ??= this.#load();
    const renderer = await this.#renderer;
    // It may be built meanwhile: the next request looks again.
    if (!renderer) this.#renderer = null;
    return renderer;
  }

  async #load(): Promise<PageRenderer | null> {
    const file = join(this.#folder, 'server.js');
    if (!isFile(file)) return null;
    try {
      return (await import(pathToFileURL(file).href)) as PageRenderer;
    } catch (thrown) {
      this.#env.log('warn', `the pages' first view can not be painted here: ${coerceError(thrown).message}`);
      return null;
    }
  }
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}
