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
import type { DriverHost, PersonInput } from './host.ts';
import type { Ended, RunRequest } from './port.ts';
import { firstPrompt, goOn, interrupted } from './prompts.ts';
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
  readonly messages: string[];
};

type Verdict =
  | { readonly outcome: 'completed' | 'stopped' }
  | ({ readonly outcome: 'failed' } & Judgement)
  /** Not yet: this prompt comes next. */
  | { readonly outcome: 'next'; readonly prompt: string };

/** One attempt at the work. Emits `ended` and resolves with the same; never rejects. */
export async function converse(
  request: RunRequest,
  host: DriverHost,
  rest: { signal: AbortSignal; open: Opener },
): Promise<Ended> {
  const watch = new Watch(host, request.profile.limits);
  const messages: string[] = [];
  const forget = host.onPerson((input: PersonInput) => {
    if (input.kind === 'message') messages.push(input.text);
  });
  const verdict = await attempt({ request, host, watch, messages, ...rest }).catch((thrown: unknown): Final => {
    return rest.signal.aborted ? { outcome: 'stopped' } : { outcome: 'failed', ...asJudgement(thrown) };
  });
  forget();
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
  let prompt = firstPrompt(request, conversation.resumed);
  try {
    for (;;) {
      const end = await oneTurn(run, conversation, prompt);
      const verdict = end === 'stopped' ? ({ outcome: 'stopped' } as const) : await weigh(run, end, counts);
      if (verdict.outcome !== 'next') return verdict;
      prompt = verdict.prompt;
      if (end === 'stopped' || end.kind !== 'lost') continue;
      await conversation.close();
      conversation = await open(conversation.session, watch, signal);
      if (!conversation.resumed) prompt = firstPrompt(request, false);
    }
  } finally {
    watch.end();
    await conversation.close();
  }
}

async function weigh(run: Run, end: TurnEnd, counts: { restarts: number; continuations: number }): Promise<Verdict> {
  const { request, host, messages } = run;
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
    if (counts.restarts <= restartsMax) return { outcome: 'next', prompt: interrupted(request) };
    return { outcome: 'failed', failure: 'transient', reason: `${end.why}, after ${restartsMax} restarts` };
  }
  const message = messages.shift();
  if (message !== undefined) return { outcome: 'next', prompt: message };
  if (end.kind === 'answered' && work === 'evident') return { outcome: 'completed' };
  counts.continuations += 1;
  const why = end.kind === 'unfinished' ? end.why : 'You stopped, but nothing shows that the task is done.';
  if (counts.continuations <= request.profile.limits.continuationsMax) {
    return { outcome: 'next', prompt: goOn(request, why) };
  }
  const said = end.kind === 'unfinished' ? shorten(end.why) : 'the agent stopped without a report and without work';
  const times = `asked to go on ${request.profile.limits.continuationsMax} times`;
  return { outcome: 'failed', failure: 'work', reason: `${said} (${times})` };
}

/** A turn that ends by itself, by silence, or because we were asked to stop. */
function oneTurn(run: Run, conversation: Conversation, prompt: string): Promise<TurnEnd | 'stopped'> {
  const { watch, signal, host, request } = run;
  return new Promise((resolve) => {
    let cut: TurnEnd | 'stopped' | null = null;
    const settle = (end: TurnEnd | 'stopped') => {
      watch.end();
      signal.removeEventListener('abort', stop);
      resolve(cut ?? end);
    };
    const interrupt = (end: TurnEnd | 'stopped') => {
      cut ??= end;
      const promise = conversation.abort().then(
        () => turn,
        () => turn,
      );
      within<unknown>(host, abortMs, { promise, late: () => null }).then(() => settle(end));
    };
    const silent = (): TurnEnd => {
      const ms = watch.toolRuns ? request.profile.limits.toolMs : request.profile.limits.silenceMs;
      return { kind: 'failed', failure: 'transient', reason: `nothing was heard for ${Math.round(ms / 1000)} s` };
    };
    const stop = () => interrupt('stopped');
    const turn = signal.aborted ? Promise.resolve(null) : conversation.turn(prompt);
    watch.begin(() => interrupt(silent()));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) return settle('stopped');
    turn.then(
      (end) => settle(end ?? 'stopped'),
      (thrown: unknown) => settle({ kind: 'failed', ...asJudgement(thrown) }),
    );
  });
}

/** What was thrown, as a judgement: Terminal is permanent, a Bug of ours too, everything else may pass. */
function asJudgement(thrown: unknown): Judgement {
  const error = coerceError(thrown);
  const permanent = error instanceof Terminal || error instanceof Bug;
  return { failure: permanent ? 'permanent' : 'transient', reason: shorten(error.message) };
}
