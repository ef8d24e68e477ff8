/**
 * From what a runtime or a gateway says about a failure to whose fault it is and what to do. Runtimes put the same
 * refusal into many shapes; a status where there is one decides, else the words.
 */
import type { EpochMs } from '../core/types.ts';
import type { Failure } from './port.ts';

export type Judgement = { readonly failure: Failure; readonly reason: string };

/** A failure in the words of others. */
export type Complaint = { readonly status: number | null; readonly text: string };

const REMEDIES: Readonly<Record<number, string>> = {
  401: 'the gateway refused the credential: give the profile a valid key',
  402: 'the gateway wants to be paid: add credit or raise the limit of the key',
  403: 'the gateway forbids this to the credential: allow the model for it or use another key',
  404: 'the gateway does not have the model or the path: correct model and URL of the profile',
};

/** Later and unchanged, these may work. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 421, 423, 425, 429]);

type Words = { readonly pattern: RegExp; readonly failure: Failure; readonly remedy: string };

const WORDS: readonly Words[] = [
  {
    pattern: /not logged in|please run \/login|authentication required|auth_required|missing environment variable/i,
    failure: 'permanent',
    remedy: 'the runtime has no credential: give the profile a key',
  },
  { pattern: /invalid (?:api key|token)|unauthori[sz]ed/i, failure: 'permanent', remedy: REMEDIES[401] ?? '' },
  {
    pattern: /out of credit|insufficient (?:credit|quota|funds|balance)/i,
    failure: 'permanent',
    remedy: REMEDIES[402] ?? '',
  },
  {
    pattern: /model not found|model .{0,200}(?:does not exist|not exist or)|issue with the selected model/i,
    failure: 'permanent',
    remedy: REMEDIES[404] ?? '',
  },
];

/** Decides by the status, else by the words; what nobody can read is transient, because trying again is bounded. */
export function judge(complaint: Complaint): Judgement {
  const text = shorten(complaint.text);
  const status = complaint.status ?? statusIn(text);
  if (status !== null && status >= 400 && status < 600) {
    const words = text.includes(String(status)) ? text : `status ${status}: ${text}`;
    if (status >= 500 || PASSING.has(status)) return { failure: 'transient', reason: words };
    return { failure: 'permanent', reason: `${words} (${REMEDIES[status] ?? 'the gateway refuses the request'})` };
  }
  const known = WORDS.find(({ pattern }) => pattern.test(text));
  if (known) return { failure: known.failure, reason: `${text} (${known.remedy})` };
  return { failure: 'transient', reason: text === '' ? 'the runtime failed and did not say why' : text };
}

/** True when the gateway said that there were too many requests, or too much load for us. */
export function isThrottle({ status, text }: Complaint): boolean {
  const known = status ?? statusIn(text);
  return known === 429 || known === 529 || /rate.?limit|too many requests|overloaded|high demand/i.test(text);
}

/**
 * When a throttle ends, by the headers of a 429: seconds, dates, `1m30s`, or instants. Null: they do not say. Names
 * are lower case.
 */
export function resetAt(headers: (name: string) => string | null, nowMs: EpochMs): EpochMs | null {
  for (const name of RESETS) {
    const value = headers(name)?.trim() ?? '';
    const ms = /^\d+(?:\.\d+)?$/.test(value)
      ? instantOf(Number(value), nowMs)
      : (lengthOf(value, nowMs) ?? Date.parse(value));
    if (value !== '' && Number.isFinite(ms) && ms >= nowMs) return Math.round(ms);
  }
  return null;
}

const RESETS: readonly string[] = [
  'retry-after',
  'anthropic-ratelimit-requests-reset',
  'anthropic-ratelimit-tokens-reset',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-tokens',
  'x-ratelimit-reset',
];

/** Small numbers are seconds from now; large ones are instants, in seconds or milliseconds since 1970. */
function instantOf(value: number, nowMs: EpochMs): EpochMs {
  if (value < 1e9) return nowMs + value * 1000;
  return value < 1e11 ? value * 1000 : value;
}

function lengthOf(value: string, nowMs: EpochMs): EpochMs | null {
  const [whole, hours, minutes, seconds, ms] = /^(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?(?:(\d+)ms)?$/.exec(value) ?? [];
  if (whole === undefined || whole === '') return null;
  const part = (text: string | undefined) => Number(text ?? 0);
  return nowMs + (part(hours) * 3600 + part(minutes) * 60 + part(seconds)) * 1000 + part(ms);
}

/** An HTTP status that a message mentions as one: `status 401`, `status: 429`, `API Error: 402`, `rejected (429)`. */
export function statusIn(text: string): number | null {
  const found = /\bstatus:? (?:code:? )?([45]\d\d)\b|\bAPI Error: ([45]\d\d)\b|\(([45]\d\d)\)/i.exec(text);
  const digits = found?.[1] ?? found?.[2] ?? found?.[3];
  return digits === undefined ? null : Number(digits);
}

/** One line of at most 400 characters. */
export function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 400 ? `${line.slice(0, 399)}…` : line;
}
