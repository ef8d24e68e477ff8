/**
 * A box for what agents wrote and for what they are: namespaces of its own for users, mounts and processes, in which
 * the town's folder is empty but for the run's own files, the rig's repository can only be read, other processes are
 * not seen, and nobody gains rights. Made by `unshare` (util-linux) where the system lets it.
 *
 * The box has no network of its own: agents speak to their provider and to the town's API. It shows the home of the
 * user, because agents keep their logins there.
 */
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { coerceError, Refused } from '../core/errors.ts';
import { findProgram } from './command.ts';
import { makePrivateFolder } from './files.ts';
import type { IsolationMode } from './isolation-mode.ts';
import { limitArguments, type RunLimits } from './limits.ts';
import type { IsolationStatus } from './port.ts';
import type { Environment } from './secrets.ts';

export type BoxOrder = {
  readonly argv: readonly string[];
  /** Where the command works; it can be written. */
  readonly directory: string;
  /** Files of the hidden folder that can be read. */
  readonly readable: readonly string[];
  /** A folder that can be read only. */
  readonly repository: string;
  readonly mode: IsolationMode;
  readonly limits: RunLimits;
};

export type Boxed = { readonly argv: readonly string[]; readonly isBoxed: boolean };

export type IsolatorOptions = {
  /** Folder of the container; its parent, the town's, is hidden with all that is in it. */
  readonly root: string;
  /** Folder that no agent has to see, beside the town's own: it may be above that. Null: none. */
  readonly hidden: string | null;
  readonly environment: Environment;
};

const probeMs = 10_000;

/**
 * As root of the new namespaces: puts an empty folder over what is hidden, with what is shown in it. Then a second
 * user namespace gives the user back, who has no rights over the mounts.
 */
const script = `set -e
stage=$1 top=$2 cwd=$3 user=$4 group=$5
shift 5
mount -n -t tmpfs -o size=1m,mode=0755 tmpfs "$stage"
while [ "$1" != -- ]; do
  kind=$1 path=$2
  shift 2
  inner=$stage/\${path#"$top"/}
  case $kind in
    show) mkdir -p "$inner"; mount -n --rbind "$path" "$inner" ;;
    read)
      mkdir -p "\${inner%/*}"; : > "$inner"
      mount -n --bind "$path" "$inner"; mount -n -o remount,bind,ro "$inner" ;;
    look) mkdir -p "$inner"; mount -n --bind "$path" "$inner"; mount -n -o remount,bind,ro "$inner" ;;
    freeze) mount -n --bind "$path" "$path"; mount -n -o remount,bind,ro "$path" ;;
  esac
done
shift
mount -n --move "$stage" "$top"
cd "$cwd"
code=0
unshare --user --map-user="$user" --map-group="$group" -- "$@" || code=$?
exit "$code"
`;

const outer = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'];

export class Isolator {
  readonly #options: IsolatorOptions;
  #status: Promise<IsolationStatus> | null = null;

  constructor(options: IsolatorOptions) {
    this.#options = options;
  }

  /** Whether there can be boxes here; tried once. */
  status(): Promise<IsolationStatus> {
    this.#status ??= this.#probe();
    return this.#status;
  }

  /** Refused `forbidden` when a box is required and there can be none, or a limit and it can not be kept. */
  async check({ mode, limits }: Pick<BoxOrder, 'mode' | 'limits'>): Promise<void> {
    if (Object.keys(limits).length > 0) await this.#find('prlimit');
    const { available, reason } = mode === 'required' ? await this.status() : { available: true, reason: null };
    if (available) return;
    throw new Refused(
      'forbidden',
      `the rig requires its runs to be isolated, and they can not be (${reason}): ` +
        'install util-linux and allow user namespaces, or set its isolation to auto',
    );
  }

  /** The command that runs a command in a box, or as it is where there is none. */
  async wrap({ argv, directory, readable, repository, mode, limits }: BoxOrder): Promise<Boxed> {
    const limited = [...(await this.#limited(limits)), ...argv];
    if (mode === 'off' || !(await this.status()).available) return { argv: limited, isBoxed: false };
    const [unshare, sh, setpriv] = await Promise.all(['unshare', 'sh', 'setpriv'].map((name) => this.#find(name)));
    const top = await this.#top();
    const cwd = await realpath(directory);
    const isBelow = (path: string) => `${path}/`.startsWith(`${top}/`);
    const items = [
      ...(isBelow(cwd) ? ['show', cwd] : []),
      ...(await Promise.all(readable.map((path) => realpath(path)))).filter(isBelow).flatMap((path) => ['read', path]),
      ...frozen(await realpath(repository), top),
    ];
    const user = [String(process.getuid?.() ?? 0), String(process.getgid?.() ?? 0)];
    const boxed = [
      ...[unshare ?? '', ...outer, sh ?? '', '-c', script, 'sh', await this.#stage(), top, cwd, ...user, ...items],
      ...['--', setpriv ?? '', '--no-new-privs', '--', ...limited],
    ];
    return { argv: boxed, isBoxed: true };
  }

  async #limited(limits: RunLimits): Promise<readonly string[]> {
    const given = limitArguments(limits);
    return given.length === 0 ? [] : [await this.#find('prlimit'), ...given, '--'];
  }

  /** The topmost folder that is hidden. */
  async #top(): Promise<string> {
    const own = await realpath(join(this.#options.root, '..'));
    const other = this.#options.hidden === null ? null : await realpath(this.#options.hidden).catch(() => null);
    return other !== null && own.startsWith(`${other}/`) ? other : own;
  }

  /** An empty folder to put things in before they are moved into place; each box has its own over it. */
  async #stage(): Promise<string> {
    const stage = join(this.#options.root, 'stage');
    await makePrivateFolder(stage);
    return realpath(stage);
  }

  #find(name: string): Promise<string> {
    const { PATH } = this.#options.environment;
    return findProgram(name, { path: PATH, directory: '/' });
  }

  /** A box is made and left: that is the only way to know. */
  async #probe(): Promise<IsolationStatus> {
    try {
      const [unshare, sh, setpriv] = await Promise.all(['unshare', 'sh', 'setpriv'].map((name) => this.#find(name)));
      const stage = await this.#stage();
      const [inside, frozen] = [join(stage, 'probe'), join(stage, 'frozen')];
      for (const folder of [inside, frozen]) await mkdir(folder, { recursive: true, mode: 0o700 });
      const user = [String(process.getuid?.() ?? 0), String(process.getgid?.() ?? 0)];
      const words = [sh ?? '', '-c', script, 'sh', inside, await this.#top(), '/', ...user, 'freeze', frozen, '--'];
      const checked = [setpriv ?? '', '--no-new-privs', '--', 'true'];
      const { PATH = '' } = this.#options.environment;
      const plain = { env: { PATH }, extendEnv: false, reject: false, stdin: 'ignore', timeout: probeMs } as const;
      const { exitCode, stderr, shortMessage } = await execa(unshare ?? '', [...outer, ...words, ...checked], plain);
      if (exitCode === 0) return { available: true, reason: null };
      return {
        available: false,
        reason: stderr.trim().split('\n')[0] || shortMessage || `unshare ended with ${exitCode}`,
      };
    } catch (thrown) {
      return { available: false, reason: coerceError(thrown).message };
    }
  }
}

/** The repository can be read: shown again where it is hidden; what is above the hidden folder stays as it is. */
function frozen(repository: string, top: string): readonly string[] {
  if (`${repository}/`.startsWith(`${top}/`)) return ['look', repository];
  return `${top}/`.startsWith(`${repository}/`) ? [] : ['freeze', repository];
}
