/**
 * The `.git` folder of a run's own clone: made by us, and made ours again when the run has ended. What an agent may
 * have put there (settings, filters, hooks, attributes, links) is removed before our git reads it.
 *
 * Invariant: our git runs in a clone only after its `.git` was written or cleaned here, and while no process of its
 * run lives.
 */
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git } from './git.ts';

/** What a clone takes from the repository of its rig. */
export type Origin = {
  readonly path: string;
  /** Where its objects are: the clone borrows them. */
  readonly objects: string;
  /** `sha1` or `sha256`. */
  readonly format: string;
  /** Commits without parents here, one a line; null when the history is whole. */
  readonly shallow: string | null;
  /** Patterns that are ignored in this repository alone. */
  readonly exclude: string | null;
  /** Settings of the repository that change what a commit holds: who commits, line ends, filters of a person's own. */
  readonly settings: readonly (readonly [name: string, value: string])[];
};

/** Kept when a clone is cleaned: data that git checks or only reads. */
const kept: ReadonlySet<string> = new Set(['HEAD', 'index', 'objects', 'packed-refs', 'refs']);
const folders: ReadonlySet<string> = new Set(['objects', 'refs']);
const taken =
  /^(user\.(name|email)|core\.(autocrlf|eol|safecrlf|ignorecase|precomposeunicode)|(filter|merge|diff|lfs)\..+)$/i;

/** Reads what clones of a repository need. */
export async function readOrigin(git: Git, path: string): Promise<Origin> {
  const asked = ['--git-path', 'objects', '--git-path', 'shallow', '--git-path', 'info/exclude'];
  const listed = await git.run(path, ['rev-parse', '--path-format=absolute', ...asked, '--show-object-format']);
  const [objects = '', shallow = '', exclude = '', format = 'sha1'] = listed.split('\n');
  const settings = await git.try(path, ['config', '--local', '--null', '--list']);
  return {
    ...{ path, objects, format, shallow: await textOf(shallow), exclude: await textOf(exclude) },
    settings: settings.stdout.split('\0').flatMap((entry) => {
      const at = entry.indexOf('\n');
      const name = at < 0 ? entry : entry.slice(0, at);
      return taken.test(name) ? [[name, at < 0 ? 'true' : entry.slice(at + 1)] as const] : [];
    }),
  };
}

async function textOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

/** Writes what makes a fresh `.git` a clone of its origin. */
export async function writeOwn(folder: string, origin: Origin): Promise<void> {
  const inside = join(folder, '.git');
  const { objects, shallow, exclude } = origin;
  await rm(join(inside, 'info'), { recursive: true, force: true });
  await rm(join(inside, 'objects', 'info'), { recursive: true, force: true });
  await mkdir(join(inside, 'info'), { mode: 0o700 });
  await mkdir(join(inside, 'objects', 'info'), { mode: 0o700 });
  await replace(join(inside, 'config'), configText(origin));
  await replace(join(inside, 'objects', 'info', 'alternates'), `${objects}\n`);
  if (exclude !== null) await replace(join(inside, 'info', 'exclude'), exclude);
  if (shallow !== null) await replace(join(inside, 'shallow'), shallow);
}

/**
 * Removes everything that an agent could have said to git, and writes our own settings. False: there is no folder
 * `.git` (any more) that could be a clone.
 */
export async function makeOwn(folder: string, origin: Origin): Promise<boolean> {
  const inside = join(folder, '.git');
  if (!(await isFolder(inside))) return false;
  for (const name of await readdir(inside)) {
    const path = join(inside, name);
    const state = await lstat(path);
    const isWhatItIs = folders.has(name) ? state.isDirectory() : state.isFile();
    if (!kept.has(name) || !isWhatItIs) await rm(path, { recursive: true, force: true });
  }
  if (!(await isFolder(join(inside, 'objects'))) || !(await isFolder(join(inside, 'refs')))) return false;
  await removeLinks(join(inside, 'refs'));
  await writeOwn(folder, origin);
  return true;
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null))?.isDirectory() === true;
}

/** A link would take what is written to another place. */
async function removeLinks(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await removeLinks(path);
    else if (!entry.isFile()) await rm(path, { force: true });
  }
}

async function replace(path: string, text: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
}

function configText({ path, format, settings }: Origin): string {
  const version = format === 'sha1' ? '0' : '1';
  const own: [string, string][] = [
    ['core.repositoryformatversion', version],
    ['core.bare', 'false'],
    ['core.logallrefupdates', 'true'],
    ['remote.origin.url', path],
    ['remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*'],
  ];
  if (format !== 'sha1') own.push(['extensions.objectformat', format]);
  return [...own, ...settings].map(([name, value]) => entryText(name, value)).join('');
}

/** One setting with the head of its section, as git writes it. */
function entryText(name: string, value: string): string {
  const section = name.slice(0, name.indexOf('.'));
  const key = name.slice(name.lastIndexOf('.') + 1);
  const middle = name.slice(section.length + 1, -key.length - 1);
  const quoted = (text: string) =>
    `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
  const head = middle === '' ? `[${section}]` : `[${section} ${quoted(middle)}]`;
  return `${head}\n\t${key} = ${quoted(value)}\n`;
}
