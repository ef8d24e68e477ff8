/** From the words of a command line to values, each refused with what it should be. */
import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';
import { durationMs } from '../../machines/durations.ts';
import { aboutSetting, defaultPolicy, type PolicyPatch, policyPatchSchema } from '../../machines/policy.ts';
import type { RigLimits } from '../../machines/vocabulary.ts';
import { Refused } from '../core/errors.ts';
import { type EngineEvent, type EntityRef, parseRef } from '../core/types.ts';
import { sentenceOf } from '../town/words.ts';
import { RigLimits as RigLimitsSchema } from '../town/workfile.ts';

/** For options that may be given several times. */
export function collect(value: string, before?: readonly string[]): readonly string[] {
  return [...(before ?? []), value];
}

/** `a,b` as a list; an empty text is the empty list. */
export function list(value: string): readonly string[] {
  return value.split(',').filter((part) => part !== '');
}

/** A whole number within bounds, for `option(…, integer(1, 10))`. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** A time that passes, in milliseconds: for options such as `--silence 10min`. */
export function duration(text: string): number {
  const ms = durationMs(text);
  if (ms !== null && ms > 0) return ms;
  throw new InvalidArgumentError('It must be a duration such as 90s, 5min or 2h.');
}

/** `['leaseMs=90s', 'attemptsMax=3']` as a change of the policy. Throws Refused `invalid` with all problems. */
export function parseSettings(settings: readonly string[]): PolicyPatch {
  const patch = Object.fromEntries(
    settings.map((setting) => {
      const [name, text] = splitPair(setting, '--set', 'name=value');
      return [name, settingValue(name, text)];
    }),
  );
  return checkPolicy(patch, '--set');
}

/** Throws Refused `invalid`, naming `where` it was written. */
export function checkPolicy(patch: unknown, where: string): PolicyPatch {
  const parsed = policyPatchSchema.safeParse(patch);
  if (parsed.success) return parsed.data;
  throw new Refused('invalid', `${where}: ${parsed.error.issues.map((issue) => issueText(issue, patch)).join('; ')}`);
}

function issueText(issue: z.core.$ZodIssue, patch: unknown): string {
  if (issue.code === 'unrecognized_keys') {
    return `there is no setting ${issue.keys.join(', ')}; \`yardmaster policy\` lists them all`;
  }
  const where = issue.path.map(String).join('.');
  const about = aboutSetting(String(issue.path[0] ?? ''));
  const sentence = sentenceOf(where === '' ? 'the policy' : where, issue, patch);
  return about === '' ? sentence : `${sentence} (${about.replace(/\.$/, '')})`;
}

/** JSON; or the text as it is, a duration with its unit; or a list of those where the setting is one. */
function settingValue(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const isList = Array.isArray(defaultPolicy[name as keyof PolicyPatch]);
    if (!isList && !text.includes(',')) return text;
    return text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : part.trim()));
  }
}

/** `['A=1', 'B=x=y']` as a record. */
export function parsePairs(pairs: readonly string[], option: string): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.map((text) => splitPair(text, option, 'NAME=value')));
}

/** `['memoryMb=4096', 'processes=200']` as limits of a rig. Throws Refused `invalid`. */
export function parseLimits(pairs: readonly string[]): RigLimits {
  const given = Object.fromEntries(
    Object.entries(parsePairs(pairs, '--limit')).map(([name, text]) => [name, Number(text)]),
  );
  const parsed = RigLimitsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `there is no limit ${issue.keys.join(', ')}; there are ${Object.keys(RigLimitsSchema.shape).join(', ')}`
      : sentenceOf(issue.path.map(String).join('.'), issue, given),
  );
  throw new Refused('invalid', `--limit: ${problems.join('; ')}`);
}

function splitPair(text: string, option: string, form: string): readonly [string, string] {
  const at = text.indexOf('=');
  // The value is not repeated: it may be a secret that somebody pasted.
  if (at < 1) throw new Refused('invalid', `${option} takes ${form}, one for each ${option}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `PAUSE` and `{"reason":"lunch"}` as an event. Throws Refused `invalid`. */
export function parseEvent(type: string, json: string | undefined): EngineEvent {
  let payload: unknown = {};
  try {
    payload = JSON.parse(json ?? '{}');
  } catch (thrown) {
    throw new Refused(
      'invalid',
      `the event's fields are no JSON (${(thrown as Error).message}): write '{"reason":"…"}'`,
    );
  }
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    throw new Refused('invalid', `the event's fields must be a JSON object, such as '{"reason":"…"}'`);
  }
  return { ...(payload as EngineEvent), type };
}

/** `agent/toast` as it is, `slugify` as a bead. */
export function parseSubject(text: string): EntityRef {
  return text.includes('/') ? parseRef(text) : { machine: 'bead', id: text };
}
