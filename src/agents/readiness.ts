/**
 * Whether a run of a profile could begin, found out before the first one: the repository can be written, the disk has
 * room, and the command's own probe (program, version, gateway, key, model) says so.
 *
 * Invariants
 * - Q1 One profile is looked at once at a time; whoever asks meanwhile gets the same answer.
 * - Q2 Only "ready" is remembered, for a while: a refusal holds no longer than it takes to ask again.
 * - Q3 A look has a deadline, and leaves no process behind.
 */
import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { coerceError, Refused, Retryable, Terminal } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import { killAll, startChild } from './child.ts';
import type { Git } from './git.ts';
import type { Isolator } from './isolation.ts';
import { isPermanent } from './outcome.ts';
import type { Readiness, RunProfile } from './port.ts';
import { fingerprintOf } from './profile.ts';
import type { Shim } from './shim.ts';

/** A run of the profile that nothing spoke against so far. */
export type PreparedProfile = {
  readonly spec: RunProfile;
  readonly secrets: Readonly<Record<string, string>>;
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly secretValues: readonly string[];
  readonly shim: Shim | null;
};

export type ReadinessOptions = {
  readonly env: Env;
  /** Folder of the container. */
  readonly root: string;
  readonly git: Git;
  readonly isolator: Isolator;
  /** How long a profile that was ready counts as ready. */
  readonly readyForMs?: number | undefined;
};

const READY_FOR_MS = 10 * 60_000;
/** Below the time that a start may take: its answer is to be a refusal, not a silence. */
const PROBE_MS = 45_000;
const DISK_MIN_BYTES = 256 * 1024 * 1024;
const MEBIBYTE = 1024 * 1024;
const REASON_MAX = 1_000;
/** Exit codes of a probe (sysexits.h). */
const LATER = 75;

export class ReadinessChecks {
  readonly #options: ReadinessOptions;
  /** Until when a profile counts as ready, by fingerprint. */
  readonly #ready = new Map<string, number>();
  readonly #looking = new Map<string, Promise<Readiness>>();
  /** What ends a probe that is under way. */
  readonly #running = new Set<() => void>();
  #looks = 0;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** What is known, or else a look. Never rejects. `anew`: a look in any case. */
  async of(profile: PreparedProfile, { anew }: { anew: boolean }): Promise<Readiness> {
    const key = await fingerprintOf({ ...profile, path: profile.environment.PATH });
    const now = this.#options.env.clock.now();
    if (!anew && (this.#ready.get(key) ?? 0) > now) return { ready: true };
    const under = this.#looking.get(key);
    if (under) return under;
    const look = this.#look(profile).finally(() => this.#looking.delete(key));
    this.#looking.set(key, look);
    const found = await look;
    this.#remember(key, found);
    return found;
  }

  /** Ends what is under way: it answers that it was ended. */
  close(): void {
    for (const end of this.#running) end();
  }

  #remember(key: string, { ready }: Readiness): void {
    const { env, readyForMs = READY_FOR_MS } = this.#options;
    const now = env.clock.now();
    for (const [known, until] of this.#ready) if (until <= now) this.#ready.delete(known);
    if (ready) this.#ready.set(key, now + readyForMs);
    else this.#ready.delete(key);
  }

  async #look(profile: PreparedProfile): Promise<Readiness> {
    try {
      await this.#checkDisk();
      await this.#checkRepository(profile.spec);
      return profile.spec.command.probe ? await this.#probe(profile, profile.spec.command.probe) : { ready: true };
    } catch (thrown) {
      return notReady(thrown);
    }
  }

  async #checkDisk(): Promise<void> {
    const { root } = this.#options;
    const { bavail, bsize } = await statfs(root);
    const free = bavail * bsize;
    if (free >= DISK_MIN_BYTES) return;
    const needed = DISK_MIN_BYTES / MEBIBYTE;
    throw new Retryable(
      `${Math.floor(free / MEBIBYTE)} MiB are free at ${root}, and a run needs ${needed}: make room`,
      0,
    );
  }

  /** What an attempt leaves comes home as a branch: the making of one is prepared, and called off. */
  async #checkRepository({ repository: { path, targetBranch } }: RunProfile): Promise<void> {
    const { git, env } = this.#options;
    const ref = `refs/yardmaster/readiness/${env.hex(16)}`;
    const input = `start\ncreate ${ref} refs/heads/${targetBranch}\nprepare\nabort\n`;
    const made = await git.try(path, ['update-ref', '--stdin'], { input });
    if (made.code === 0) return;
    const words = made.stderr.trim().split('\n').at(-1) ?? '';
    throw new Refused('forbidden', `the repository ${path} can not be written (${words}): let its owner run the town`);
  }

  async #probe(profile: PreparedProfile, probe: readonly string[]): Promise<Readiness> {
    const { env, isolator, root } = this.#options;
    const directory = join(root, 'readiness');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { spec, program, environment, secretValues, shim } = profile;
    const { argv, isBoxed } = await isolator.wrap({
      ...{ argv: [program, ...probe.slice(1)], directory, repository: spec.repository.path },
      ...{ mode: spec.isolation ?? 'auto', limits: spec.limits ?? {}, readable: shim ? [shim.file] : [] },
    });
    this.#looks += 1;
    const marker = `${environment.YARDMASTER_RUN ?? spec.rig}?${this.#looks}`;
    let said = '';
    const order = { argv, isBoxed, directory, inputFile: null, secretValues };
    const child = await startChild({ ...order, environment: { ...environment, YARDMASTER_RUN: marker } }, (text) => {
      said = (said + text).slice(-REASON_MAX);
    });
    const end = () => void killAll({ marker, leader: child.identity });
    let isLate = false;
    const alarm = env.clock.at(env.clock.now() + PROBE_MS, () => {
      isLate = true;
      end();
    });
    this.#running.add(end);
    const { code, signal } = await child.ended;
    this.#running.delete(end);
    alarm.cancel();
    if (code === 0) return { ready: true };
    if (isLate)
      return later(`the probe of ${rigText(spec)} gave no answer within ${PROBE_MS / 1_000} s: ${words(said)}`);
    if (code === LATER) return later(words(said));
    if (code === null)
      return later(`the probe of ${rigText(spec)} was ended by ${signal ?? 'somebody'}: ${words(said)}`);
    return { ready: false, permanent: true, reason: words(said) || `the probe ended with exit code ${code}` };
  }
}

const later = (reason: string): Readiness => ({ ready: false, permanent: false, reason });
const rigText = ({ rig }: RunProfile) => `rig ${rig}`;

/** The lines of a probe as one sentence after the other. */
function words(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').join('; ');
}

/** What was thrown before anything began. */
export function notReady(thrown: unknown): Readiness {
  const { message } = coerceError(thrown);
  const known = thrown instanceof Refused || thrown instanceof Retryable || thrown instanceof Terminal;
  const permanent = thrown instanceof Terminal || (thrown instanceof Refused && isPermanent(thrown));
  return { ready: false, permanent, reason: known ? message : `it could not be looked at: ${message}` };
}
