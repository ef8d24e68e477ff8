/**
 * The environment of what an orchestrator starts: an allow-list of the town's own, never the whole of it.
 */
import { delimiter } from 'node:path';
import { Refused } from '../core/errors.ts';
import type { RunSpec } from './port.ts';
import type { Environment } from './secrets.ts';

const allowed: ReadonlySet<string> = new Set(['PATH', 'LANG', 'TZ', 'TERM', 'TMPDIR', 'HOME']);

/** Variables that any program may see: where programs are, the language, the zone, the terminal, and the home. */
export function baseEnvironment(environment: Environment, home?: string): Readonly<Record<string, string>> {
  const base: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && (allowed.has(name) || name.startsWith('LC_'))) base[name] = value;
  }
  if (home !== undefined) base.HOME = home;
  return base;
}

/** What a run is told beside its spec. */
export type RunFacts = {
  readonly branch: string;
  readonly promptFile: string;
  /** Null: there is nothing to tell of the attempts before. */
  readonly handoverFile: string | null;
  /** Value of `YARDMASTER_RUN`. */
  readonly marker: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly base: Readonly<Record<string, string>>;
  /** Folder of the `yardmaster` command of this installation; null: there is none. */
  readonly shim: string | null;
};

/**
 * The whole environment of a run. What the spec adds can not replace `YARDMASTER_*`.
 * @throws Refused `invalid` for a name or a value that no environment can hold.
 */
export function runEnvironment(run: RunSpec, facts: RunFacts): Readonly<Record<string, string>> {
  const told: Record<string, string> = {
    YARDMASTER_TOWN: run.town,
    YARDMASTER_BEAD: run.bead,
    YARDMASTER_AGENT: run.agent,
    YARDMASTER_EPOCH: String(run.epoch),
    YARDMASTER_TITLE: run.title.replaceAll('\0', ''),
    YARDMASTER_BRANCH: facts.branch,
    YARDMASTER_TARGET_BRANCH: run.repository.targetBranch,
    YARDMASTER_PROMPT_FILE: facts.promptFile,
    YARDMASTER_RUN: facts.marker,
  };
  if (facts.handoverFile !== null) told.YARDMASTER_HANDOVER_FILE = facts.handoverFile;
  if (run.previousBranch !== null) told.YARDMASTER_PREVIOUS_BRANCH = run.previousBranch;
  if (run.api !== null) {
    told.YARDMASTER_API_URL = run.api.url;
    told.YARDMASTER_TOKEN = run.api.token;
  }
  const added = { ...run.env, ...facts.secrets };
  for (const [name, value] of Object.entries(added)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new Refused(
        'invalid',
        `"${name}" is no name for an environment variable: use letters, digits and underscores`,
      );
    }
    if (value.includes('\0'))
      throw new Refused('invalid', `the environment variable ${name} holds a NUL character: remove it`);
  }
  const whole: Record<string, string> = { ...facts.base, ...added, ...told };
  // Whatever a rig sets: a run's own calls come before another installation's.
  if (facts.shim !== null) whole.PATH = [facts.shim, ...(whole.PATH ? [whole.PATH] : [])].join(delimiter);
  return whole;
}
