/** From the words of a command line to values, each refused with what it should be. */
import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';
import { defaultPolicy, type PolicyPatch, policyPatchSchema } from '../../machines/policy.ts';
import { Refused } from '../core/errors.ts';
import { type EngineEvent, type EntityRef, parseRef } from '../core/types.ts';

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** For options that may be given several times. */
export function collect(value: string, before?: readonly string[]): readonly string[] {
  return [...(before ?? []), value];
}

/** A whole number within bounds, for `option(…, integer(1, 10))`. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
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
  throw new Refused('invalid', `${where}: ${parsed.error.issues.map(issueText).join('; ')}`);
}

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return `${issue.path.join('.') || 'the policy'}: ${issue.message}`;
  return `there is no setting ${issue.keys.join(', ')}; \`yardmaster policy\` lists them all`;
}

/** JSON; or a duration with its unit, or a list of them, where the setting is in milliseconds. */
function settingValue(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    if (!name.endsWith('Ms')) return text;
    const values = text.split(',').map((part) => durationMs(part.trim()) ?? part);
    const isList = Array.isArray(defaultPolicy[name as keyof PolicyPatch]);
    return isList || values.length > 1 ? values : values[0];
  }
}

/** `90s`, `5min`, `2h`; null when it is no duration. */
export function durationMs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)?$/.exec(text);
  return match ? Math.round(Number(match[1]) * (unitsMs[match[2] ?? 'ms'] ?? 1)) : null;
}

/** `['A=1', 'B=x=y']` as a record. */
export function parsePairs(pairs: readonly string[], option: string): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.map((text) => splitPair(text, option, 'NAME=value')));
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
