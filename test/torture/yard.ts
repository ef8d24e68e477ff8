/** A yard to torture: a repository, a fast agent program that keeps a ledger of its starts, and lives of one town. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify, signalAll } from '../../src/agents/processes.ts';

/**
 * A line of the ledger for each start of it, then a commit. Beads whose number ends with 3 take long, those whose
 * number ends with 7 fail.
 */
const AGENT = `#!/bin/sh
echo "$YARDMASTER_AGENT $YARDMASTER_EPOCH $YARDMASTER_BEAD $(date +%s%3N)" >> "$LEDGER"
cat > /dev/null
case "$YARDMASTER_BEAD" in *3) sleep 1.5 ;; *7) exit 3 ;; esac
echo "$YARDMASTER_BEAD" > "$YARDMASTER_BEAD.txt"
git add -A
git commit -qm "Do $YARDMASTER_BEAD"
`;

const environment = {
  PATH: process.env.PATH ?? '',
  LANG: 'C.UTF-8',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Person',
  GIT_AUTHOR_EMAIL: 'person@example.org',
};

/** Retries that come at once, and no cap that would end the load. */
const SETTINGS = [
  ...['backoffMs=100ms', 'recycleMs=50ms', 'graceMs=200ms', 'heartbeatMs=500ms', 'leaseMs=3s', 'probeMs=200ms'],
  ...['suspectMs=1s', 'startTimeoutMs=5s', 'unconfirmedMs=3s', 'healthMs=1s', 'healthSuspectMs=200ms'],
  ...['mergePollMs=300ms', 'mergeBlockedMs=300ms', 'staleWorkMs=3s', 'cooldownMs=1s', 'breakerFailures=1000000'],
  ...['townDispatchesPerHour=1000000', 'townDispatchesPerDay=1000000', 'dispatchesPerHour=1000'],
];

export type Start = { readonly agent: string; readonly epoch: number; readonly bead: string; readonly at: number };

/** How a life begins: `before` is a program with its words that starts it, `environment` comes on top of its own. */
export type Beginning = {
  readonly before?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

/** One life of the process, from its start to its death. */
export type Life = {
  readonly child: ChildProcess;
  /** Address of the API, when it is served. Rejects when the process ended before. */
  readonly ready: Promise<string>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** What it said on standard error. */
  complaints(): string;
};

/** Another agent program than the usual one, more of what its runs find in their environment, and other settings. */
export type Crew = {
  readonly agent?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly settings?: readonly string[];
};

export class Yard {
  readonly root: string;
  readonly data: string;
  readonly repository: string;
  readonly #program: string;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #settings: readonly string[];
  #isFounded = false;

  constructor(program: string, { agent = AGENT, variables = {}, settings = [] }: Crew = {}) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-torture-')));
    this.#variables = variables;
    this.#settings = settings;
    this.data = join(this.root, 'town');
    this.repository = join(this.root, 'shop');
    this.#program = program;
    mkdirSync(this.repository, { recursive: true });
    this.git('init', '--quiet', '--initial-branch=main');
    writeFileSync(join(this.repository, 'agent.sh'), agent, { mode: 0o755 });
    this.git('add', '--all');
    this.git('commit', '--quiet', '--message=Begin');
  }

  git(...words: readonly string[]): string {
    const committer = { GIT_COMMITTER_NAME: 'Person', GIT_COMMITTER_EMAIL: 'person@example.org' };
    const env = { ...environment, ...committer };
    return execFileSync('git', ['-C', this.repository, ...words], { env, encoding: 'utf8' }).trim();
  }

  /** The first life founds the town; the others open it as it is. */
  begin({ before = [], environment: added = {} }: Beginning = {}): Life {
    const founding = [
      ...['--repo', this.repository, '--agent', './agent.sh', '--agents', '2', '--env', `LEDGER=${this.#ledger}`],
      ...Object.entries(this.#variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ...[...SETTINGS, ...this.#settings].flatMap((setting) => ['--set', setting]),
    ];
    const words = [this.#program, 'up', '--data', this.data, '--port', '0', ...(this.#isFounded ? [] : founding)];
    const [command = process.execPath, ...rest] = [...before, process.execPath, ...words];
    const env = { ...environment, ...added, HOME: this.root };
    const life = followed(spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] }));
    life.ready.then(
      () => {
        this.#isFounded = true;
      },
      () => undefined,
    );
    return life;
  }

  get token(): string {
    return readFileSync(join(this.data, 'operator.token'), 'utf8').trim();
  }

  get #ledger(): string {
    return join(this.root, 'ledger');
  }

  /** All starts of the agent program that ever were. */
  starts(): readonly Start[] {
    if (!existsSync(this.#ledger)) return [];
    const lines = readFileSync(this.#ledger, 'utf8').trim().split('\n');
    return lines.filter(Boolean).map((line) => {
      const [agent = '', epoch, bead = '', at] = line.split(' ');
      return { agent, bead, epoch: Number(epoch), at: Number(at) };
    });
  }

  /** Agents and supervisors of this yard that are alive: they have its folder in their environment or arguments. */
  processes(): readonly number[] {
    const told = (pid: string) => {
      try {
        const text = readFileSync(`/proc/${pid}/environ`, 'utf8') + readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return text.includes(this.root) && !text.includes(this.#program.replace('cli.js', 'cli.js\0up'));
      } catch {
        return false;
      }
    };
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && told(name))
      .map(Number);
  }

  remove(): void {
    signalAll(
      this.processes().flatMap((pid) => identify(pid) ?? []),
      'SIGKILL',
    );
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

function followed(child: ChildProcess): Life {
  let said = '';
  let complained = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complained = (complained + text).slice(-4_000);
  });
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const url = /is at (http:\S+)/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    ended.then(({ code, signal }) =>
      reject(new Error(`the town ended (${signal ?? code}) before it was ready: ${complained}`)),
    );
  });
  ready.catch(() => undefined);
  return { child, ready, ended, complaints: () => complained };
}
