/** The cases that runtimes go through in a real town: what the gateway plays, what happens, how the bead must rest. */
import type { Reply } from '../../gateway/replies.ts';
import type { RuntimeName } from './runtimes.ts';

/** What happens to a part of the whole while the agent works. */
export type Midway = 'kill town' | 'kill runtime' | 'kill runner' | 'stop run' | 'say something' | 'take over';

export type TownCase = {
  readonly name: string;
  readonly replies: readonly Reply[];
  /** The state in which the bead must come to rest. */
  readonly rests: RegExp;
  /** How many attempts that must take. */
  readonly attempts: number;
  /** Of the first attempt, or of what blocks it: why it ended. */
  readonly says?: RegExp;
  readonly midway?: Midway;
  /** True when the town hosts no agents itself, and a runner in a process of its own does. */
  readonly runner?: true;
  /** The gateway's key; null: it is taken away once the town is open. Left out: the right one. */
  readonly key?: string | null;
  /**
   * What is mended after the first attempt, or when the rig is blocked: from then on the gateway plays this, and the
   * key is the right one.
   */
  readonly mended?: readonly Reply[];
  /** What the model must be told: of the last attempt the conversation, or what came of it; what a person said. */
  readonly hears?: RegExp;
  /** Words for `yardmaster up`. */
  readonly words?: readonly string[];
  /** How long the driver waits for a sign of life. */
  readonly silenceMs?: number;
  readonly skip?: Readonly<Partial<Record<RuntimeName, string>>>;
};

const commit: Reply = { kind: 'run', command: 'echo made > made.txt && git add made.txt && git commit -qm "Make it"' };
const done: Reply = { kind: 'tool', name: 'done', input: { summary: 'It is made.' } };
const bye: Reply = { kind: 'say', text: 'It is made.' };
/** Never ends by itself. */
const slow: Reply = { kind: 'run', command: 'tail -f readme.txt' };
/** Long enough for something to be killed and to come back meanwhile. */
const pause: Reply = { kind: 'run', command: 'sleep 6' };
const work: readonly Reply[] = [commit, done, bye];
const merged = /^closed\.merged$/;

export const TOWN_CASES: readonly TownCase[] = [
  { name: 'bead to merge', replies: work, rests: merged, attempts: 1 },
  { name: 'in a box', replies: work, rests: merged, attempts: 1, words: ['--isolation', 'required'] },
  {
    name: 'town killed',
    replies: [pause, ...work],
    rests: merged,
    attempts: 1,
    midway: 'kill town',
  },
  { name: 'runtime killed', replies: [slow, ...work], rests: merged, attempts: 1, midway: 'kill runtime' },
  {
    name: 'message',
    replies: [pause, { kind: 'say', text: 'Looks fine.' }, ...work],
    rests: merged,
    attempts: 1,
    midway: 'say something',
    hears: /Mind the gap/,
  },
  { name: 'taken over', replies: [slow, ...work], rests: merged, attempts: 1, midway: 'take over' },
  {
    name: 'stopped, then resumed',
    replies: [slow],
    rests: merged,
    attempts: 2,
    midway: 'stop run',
    mended: work,
    hears: /tail -f readme|stopped by a person/,
  },
  {
    name: 'hang, then well',
    replies: [
      { kind: 'run', command: 'ls' },
      { kind: 'hang', after: 'nothing' },
    ],
    rests: merged,
    attempts: 2,
    mended: work,
    silenceMs: 12_000,
  },
  {
    name: '500, then well',
    replies: [
      { kind: 'run', command: 'ls' },
      { kind: 'status', status: 500, message: 'Broken' },
    ],
    rests: merged,
    attempts: 2,
    says: /Broken|500|high demand/,
    mended: work,
  },
  { name: 'on a runner', replies: work, rests: merged, attempts: 1, runner: true },
  {
    name: 'on a runner, town killed',
    replies: [pause, ...work],
    rests: merged,
    attempts: 1,
    runner: true,
    midway: 'kill town',
  },
  {
    name: 'on a runner, runner killed',
    replies: [pause, ...work],
    rests: merged,
    attempts: 1,
    runner: true,
    midway: 'kill runner',
  },
  {
    name: 'wrong key',
    replies: [bye],
    key: 'sk-wrong-0123456789',
    rests: /^open\.(blockedConfig|ready)$/,
    attempts: 1,
    says: /credential|key/,
  },
  {
    name: 'key gone, then back',
    replies: work,
    key: null,
    rests: merged,
    attempts: 2,
    says: /credentials are missing/,
    mended: work,
  },
];
