/** The cases that every real runtime is put through: what the gateway plays, and how the run must end. */
import type { Ended, Failure, Limits } from '../../../src/drivers/port.ts';
import type { Reply } from '../../gateway/replies.ts';
import type { ProfileParts, Runtime } from './runtimes.ts';

export type Case = {
  readonly name: string;
  readonly replies: readonly Reply[];
  /** How the run must end. */
  readonly ends: 'completed' | 'stopped' | Failure;
  /** A part of the reason, where it is told to people. */
  readonly says?: RegExp;
  /** True when a commit must be there at the end. */
  readonly commits?: true;
  readonly throttles?: true;
  /** True when a person must have been asked. */
  readonly asks?: true;
  readonly parts?: Partial<ProfileParts>;
  readonly limits?: Partial<Limits>;
  /** In the place of the run's token for the town's MCP server. */
  readonly token?: string;
  /** What happens to the runtime at the gateway's first call. */
  readonly midway?: 'kill runtime' | 'stop' | 'kill driver';
  /** How it ends with a runtime that hides what happened. */
  readonly instead?: Readonly<Record<string, Pick<Case, 'ends' | 'says'>>>;
  /** Runtimes that this is not for, with the reason. */
  readonly skip?: Readonly<Record<string, string>>;
};

const commit: Reply = { kind: 'run', command: 'echo made > made.txt && git add made.txt && git commit -qm "Make it"' };
const done: Reply = { kind: 'tool', name: 'done', input: { summary: 'It is made.' } };
const bye: Reply = { kind: 'say', text: 'It is made.' };
const options = [
  { label: 'This', description: 'The first' },
  { label: 'That', description: 'The second' },
];
const questions = [{ question: 'Which one?', header: 'Choice', options }];
const question: Reply = { kind: 'tool', name: 'question', input: { questions } };
/** Never ends. One runtime refuses a `sleep` that stands alone. */
const slow: Reply = { kind: 'run', command: 'tail -f README.md' };
const quick: Partial<Limits> = { silenceMs: 12_000 };

const status = (code: number, message: string, headers: Readonly<Record<string, string>> = {}): readonly Reply[] => [
  { kind: 'status', status: code, message, headers },
];

export const CASES: readonly Case[] = [
  { name: 'good work', replies: [commit, done, bye], ends: 'completed', commits: true },
  { name: 'work without done', replies: [commit, bye], ends: 'completed', commits: true },
  { name: 'done after one reminder', replies: [bye, commit, done, bye], ends: 'completed', commits: true },
  { name: 'idle', replies: [{ kind: 'say', text: 'Looks fine.' }], ends: 'work', says: /without a report/ },
  { name: 'no credential', replies: [bye], ends: 'permanent', parts: { key: null } },
  { name: '401', replies: [bye], ends: 'permanent', parts: { key: 'sk-wrong-0123456789' }, says: /key/ },
  { name: '402', replies: status(402, 'Out of credit'), ends: 'permanent', says: /credit/ },
  {
    name: '429',
    replies: status(429, 'Rate limited', { 'retry-after': '2' }),
    ends: 'transient',
    throttles: true,
  },
  { name: '500', replies: status(500, 'Broken'), ends: 'transient' },
  { name: 'model missing', replies: [bye], ends: 'permanent', parts: { model: 'yard-0' }, says: /model/ },
  { name: 'hang', replies: [{ kind: 'hang', after: 'nothing' }], ends: 'transient', limits: quick },
  { name: 'stall', replies: [{ kind: 'hang', after: 'text' }], ends: 'transient', limits: quick },
  { name: 'cut', replies: [{ kind: 'cut' }], ends: 'transient' },
  { name: 'empty', replies: [{ kind: 'empty' }], ends: 'work', says: /empty/ },
  {
    name: 'web page',
    replies: [{ kind: 'page' }],
    ends: 'transient',
    instead: { acp: { ends: 'work', says: /empty/ } },
  },
  {
    name: 'too long',
    replies: [{ kind: 'length', text: 'And so on' }],
    ends: 'work',
    says: /cut off/,
    instead: { acp: { ends: 'work', says: /without a report/ } },
  },
  {
    name: 'permission asked',
    replies: [commit, done, bye],
    ends: 'completed',
    commits: true,
    asks: true,
    parts: { permissions: 'ask' },
    skip: { claude: 'nobody to ask', codex: 'nobody to ask' },
  },
  {
    name: 'question asked',
    replies: [question, commit, done, bye],
    ends: 'completed',
    commits: true,
    asks: true,
    parts: { permissions: 'ask' },
    skip: { claude: 'nobody to ask', codex: 'nobody to ask', acp: 'no part of the protocol' },
  },
  {
    name: 'town refuses token',
    replies: [commit, bye],
    ends: 'transient',
    says: /MCP/,
    token: 'stale',
    skip: { acp: 'it is not told' },
  },
  { name: 'killed', replies: [slow, commit, done, bye], ends: 'completed', commits: true, midway: 'kill runtime' },
  { name: 'stopped', replies: [slow, bye], ends: 'stopped', midway: 'stop' },
  {
    name: 're-attached',
    replies: [{ kind: 'run', command: 'sleep 8' }, commit, done, bye],
    ends: 'completed',
    commits: true,
    midway: 'kill driver',
    skip: { claude: 'bound to our pipes', codex: 'bound to our pipes', acp: 'bound to our pipes' },
  },
];

export type Outcome = {
  readonly ended: Ended;
  readonly commits: number;
  readonly throttled: boolean;
  readonly asked: boolean;
  /** Processes that the sweep did not end. */
  readonly left: number;
};

/** False when the runtime is not put through the case: it can not be, or nothing new would show. */
export function isFor(runtime: Runtime, each: Pick<Case, 'name' | 'skip'>): boolean {
  return each.skip?.[runtime.name] === undefined && (runtime.cases?.includes(each.name) ?? true);
}

/** Null when the end is as the case wants it; else what differs. */
export function differs(runtime: string, each: Case, run: Outcome): string | null {
  const { ended, ...seen } = run;
  const wanted = { ...each, ...each.instead?.[runtime] };
  const got = ended.outcome === 'failed' ? ended.failure : ended.outcome;
  const reason = ended.outcome === 'failed' ? ended.reason : '';
  if (got !== wanted.ends) return `ended as ${got}: ${reason}`;
  if (wanted.says && !wanted.says.test(reason)) return `says "${reason}"`;
  if (wanted.commits && seen.commits !== 1) return `${seen.commits} commits`;
  if (wanted.throttles && !seen.throttled) return 'no throttle was told';
  if (wanted.asks && !seen.asked) return 'nobody was asked';
  if (seen.left > 0) return `${seen.left} processes left after the sweep`;
  return null;
}
