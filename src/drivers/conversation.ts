/**
 * The life of a run with any runtime that holds conversations: open, prompt, judge the turn, go on or end.
 *
 * A turn that ended well is not the end of the work. The work is done when the agent reported it, or when git shows
 * it and the agent stopped by itself. An agent that stops without either is told to go on, a bounded number of
 * times. A runtime whose process died is started again, and resumes where it can.
 */
import { Bug, coerceError, Terminal } from '../core/errors.ts';
import { within } from './deadline.ts';
import { isThrottle, type Judgement, shorten } from './failures.ts';
import type { DriverHost } from './host.ts';
import { Person } from './person.ts';
import type { Ended, RunRequest } from './port.ts';
import { firstPrompt, givenBack, goOn, interrupted } from './prompts.ts';
import { Watch } from './watch.ts';

export type TurnEnd =
  /** The agent stopped by itself, and its last message is whole. */
  | { readonly kind: 'answered' }
  /** It stopped, but with less than an answer: empty, cut off, refused. `why` is said to the agent. */
  | { readonly kind: 'unfinished'; readonly why: string }
  | ({ readonly kind: 'failed' } & Judgement)
  /** The runtime is gone; the conversation may be resumed. */
  | { readonly kind: 'lost'; readonly why: string };

export interface Conversation {
  /** Null until the runtime has named it. */
  readonly session: string | null;
  /** True when it goes on with an earlier one. */
  readonly resumed: boolean;
  /** One prompt to its end. Rejects with Retryable or Terminal like `open`. */
  turn(prompt: string): Promise<TurnEnd>;
  /** Asks the runtime to end the running turn. */
  abort(): Promise<void>;
  /** Ends the runtime's processes, politely first. Never rejects. */
  close(): Promise<void>;
}

/**
 * Starts the runtime and opens the session, or a new one when there is none to resume.
 * Rejects with Retryable (transient) or Terminal (permanent), with the remedy in the message.
 */
export type Opener = (session: string | null, watch: Watch, signal: AbortSignal) => Promise<Conversation>;

/** How often a runtime that died is started again within one run. */
const restartsMax = 2;
/** How long a turn may take to end after it was asked to. */
const abortMs = 10_000;

type Run = {
  readonly request: RunRequest;
  readonly host: DriverHost;
  readonly signal: AbortSignal;
  readonly open: Opener;
  readonly watch: Watch;
  readonly person: Person;
};

type Verdict =
  | { readonly outcome: 'completed' | 'stopped' }
  | ({ readonly outcome: 'failed' } & Judgement)
  /** Not yet: this prompt comes next. */
  | ({ readonly outcome: 'next' } & Next);

type Next = {
  readonly prompt: string;
  /** True: it is what a person says, and not ours. */
  readonly isPersons: boolean;
};

/** One attempt at the work. Emits `ended` and resolves with the same; never rejects. */
export async function converse(
  request: RunRequest,
  host: DriverHost,
  rest: { signal: AbortSignal; open: Opener },
): Promise<Ended> {
  const person = new Person(host);
  const emit: DriverHost['emit'] = (event) => {
    host.emit(event);
    if (event.kind === 'accepted') person.accepted();
  };
  const watch = new Watch({ ...host, emit }, request.profile.limits);
  const verdict = await attempt({ request, host, watch, person, ...rest }).catch((thrown: unknown): Final => {
    return rest.signal.aborted ? { outcome: 'stopped' } : { outcome: 'failed', ...asJudgement(thrown) };
  });
  person.close();
  watch.end();
  const ended: Ended = { ...verdict, tail: watch.tail() };
  host.emit({ kind: 'ended', ...ended });
  return ended;
}

type Final = Exclude<Verdict, { outcome: 'next' }>;

async function attempt(run: Run): Promise<Final> {
  const { request, signal, open, watch } = run;
  let conversation = await open(request.earlier?.session ?? null, watch, signal);
  const counts = { restarts: 0, continuations: 0 };
  let next: Next = { prompt: firstPrompt(request, conversation.resumed), isPersons: false };
  /** What a person kept from being prompted, and the agent has to know before their words. */
  let withheld = '';
  try {
    for (;;) {
      const end = await oneTurn(run, conversation, next);
      if (end === 'stopped') return { outcome: 'stopped' };
      if (end === 'withheld') withheld = next.prompt;
      const isCut = end === 'withheld' || end === 'attended';
      const verdict = isCut || run.person.attends ? await attend(run, end) : await weigh(run, end, counts);
      if (verdict.outcome !== 'next') return verdict;
      next = verdict;
      if (!isCut && end.kind === 'lost') {
        await conversation.close();
        conversation = await open(conversation.session, watch, signal);
        if (!conversation.resumed) withheld = firstPrompt(request, false);
      }
      // Who remembers nothing is told the task again.
      if (next.isPersons && conversation.session === null) withheld = firstPrompt(request, false);
      if (withheld !== '') next = { ...next, prompt: next.isPersons ? `${withheld}\n\n${next.prompt}` : withheld };
      withheld = '';
    }
  } finally {
    watch.end();
    await conversation.close();
  }
}

/** A person has the conversation: whatever came of the turn, what comes next is theirs to say. */
async function attend(run: Run, end: TurnEnd | 'withheld' | 'attended'): Promise<Verdict> {
  const { request, host, person, watch, signal } = run;
  if ((await host.workState()) === 'reported') return { outcome: 'completed' };
  if (end === 'attended') person.takeBack();
  const why = typeof end === 'string' || end.kind === 'answered' ? null : end.kind === 'failed' ? end.reason : end.why;
  if (why !== null) watch.emit({ kind: 'output', text: `The turn came to nothing: ${why}` });
  await person.speaks(signal);
  if (signal.aborted) return { outcome: 'stopped' };
  const words = person.words();
  return { outcome: 'next', prompt: words ?? givenBack(request), isPersons: words !== null };
}

async function weigh(run: Run, end: TurnEnd, counts: { restarts: number; continuations: number }): Promise<Verdict> {
  const { request, host, person } = run;
  const work = await host.workState();
  if (work === 'reported') return { outcome: 'completed' };
  if (end.kind === 'failed') {
    const { failure, reason } = end;
    const slowed = failure === 'transient' && isThrottle({ status: null, text: reason });
    // Not every runtime tells of it while it goes on.
    if (slowed && !run.watch.throttled) run.watch.emit({ kind: 'throttled', untilMs: null, reason });
    return { outcome: 'failed', failure, reason };
  }
  if (end.kind === 'lost') {
    counts.restarts += 1;
    person.takeBack();
    if (counts.restarts <= restartsMax) return { outcome: 'next', prompt: interrupted(request), isPersons: false };
    return { outcome: 'failed', failure: 'transient', reason: `${end.why}, after ${restartsMax} restarts` };
  }
  const words = person.words();
  if (words !== null) {
    // Whoever was told something new begins to count anew.
    counts.continuations = 0;
    return { outcome: 'next', prompt: words, isPersons: true };
  }
  if (end.kind === 'answered' && work === 'evident') return { outcome: 'completed' };
  counts.continuations += 1;
  const why = end.kind === 'unfinished' ? end.why : 'You stopped, but nothing shows that the task is done.';
  if (counts.continuations <= request.profile.limits.continuationsMax) {
    return { outcome: 'next', prompt: goOn(request, why), isPersons: false };
  }
  const said = end.kind === 'unfinished' ? shorten(end.why) : 'the agent stopped without a report and without work';
  const times = `asked to go on ${request.profile.limits.continuationsMax} times`;
  return { outcome: 'failed', failure: 'work', reason: `${said} (${times})` };
}

/** How a turn ended that nobody let come to its end: we were asked to stop, or a person took the conversation. */
type Cut = 'stopped' | 'attended';

/** A turn that ends by itself, by silence, or by a cut. `withheld`: a person has the conversation, and said nothing. */
function oneTurn(run: Run, conversation: Conversation, next: Next): Promise<TurnEnd | Cut | 'withheld'> {
  const { watch, signal, host, person } = run;
  if (!next.isPersons) person.forgetSaid();
  if (person.attends && !next.isPersons && !signal.aborted) return Promise.resolve('withheld');
  return new Promise((resolve) => {
    let cut: TurnEnd | Cut | null = null;
    let isOver = false;
    const settle = (end: TurnEnd | Cut) => {
      // A turn that was cut may still end by itself, when the next one has long begun.
      if (isOver) return;
      isOver = true;
      watch.end();
      person.onTakeOver(null);
      signal.removeEventListener('abort', stop);
      resolve(cut ?? end);
    };
    const interrupt = (end: TurnEnd | Cut) => {
      cut ??= end;
      const promise = conversation.abort().then(
        () => turn,
        () => turn,
      );
      within<unknown>(host, abortMs, { promise, late: () => null }).then(() => settle(end));
    };
    const stop = () => interrupt('stopped');
    const turn = signal.aborted ? Promise.resolve(null) : conversation.turn(next.prompt);
    watch.begin(() => interrupt(person.attends ? 'attended' : silent(run)));
    person.onTakeOver(() => interrupt('attended'));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) return settle('stopped');
    turn.then(
      (end) => settle(end ?? 'stopped'),
      (thrown: unknown) => settle({ kind: 'failed', ...asJudgement(thrown) }),
    );
  });
}

function silent({ watch, request }: Run): TurnEnd {
  const ms = watch.toolRuns ? request.profile.limits.toolMs : request.profile.limits.silenceMs;
  return { kind: 'failed', failure: 'transient', reason: `nothing was heard for ${Math.round(ms / 1000)} s` };
}

/** What was thrown, as a judgement: Terminal is permanent, a Bug of ours too, everything else may pass. */
function asJudgement(thrown: unknown): Judgement {
  const error = coerceError(thrown);
  const permanent = error instanceof Terminal || error instanceof Bug;
  return { failure: permanent ? 'permanent' : 'transient', reason: shorten(error.message) };
}
