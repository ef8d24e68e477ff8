/**
 * One prompt from its acceptance to its judgement.
 *
 * Invariants
 * - V1 events are hints. The judgement comes from the messages that answer this prompt, asked for after each hint,
 *   after every break of the stream, and now and then without any reason.
 * - V2 "idle" with nothing to judge is looked at again: right after a prompt, and before a message is finished, an
 *   idle session is none.
 */
import type { TurnEnd } from '../conversation.ts';
import { type Complaint, isThrottle, type Judgement, judge, resetAt } from '../failures.ts';
import type { DriverHost } from '../host.ts';
import { listAt, numberAt, textAt, valueAt } from '../json.ts';
import type { Profile } from '../port.ts';
import type { Watch } from '../watch.ts';
import type { ServeClient } from './client.ts';
import { complaintOf, judgeTurn, nonsense } from './judge.ts';
import type { Progress } from './progress.ts';

/** Without a hint the state is asked for this often. */
const checkMs = 15_000;
/** After an idle that can not be judged. */
const againMs = 500;
const againMax = 12;

export type TurnPlace = {
  readonly host: DriverHost;
  readonly client: ServeClient;
  readonly watch: Watch;
  readonly progress: Progress;
  readonly profile: Profile;
  readonly session: string;
  readonly promptId: string;
};

export class Turn {
  readonly ended: Promise<TurnEnd>;
  readonly #place: TurnPlace;
  #resolve: (end: TurnEnd) => void = () => {};
  #over = false;
  #accepted = false;
  #checking = false;
  #hinted = false;
  #idles = 0;
  #complaint: Complaint | null = null;
  #cancel: () => void = () => {};

  constructor(place: TurnPlace) {
    this.#place = place;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#checkIn(checkMs);
  }

  /** An event of this session. */
  event(type: string, properties: unknown): void {
    const { watch, progress, promptId } = this.#place;
    if (type === 'message.updated') {
      const info = valueAt(properties, 'info');
      progress.message(info);
      if (textAt(info, 'id') === promptId) this.#accept();
      else watch.alive();
      this.#checkLoop();
    } else if (type === 'message.part.updated' || type === 'message.part.delta') {
      progress.part(valueAt(properties, 'part'));
      watch.alive();
    } else if (type === 'session.error') {
      this.#failed(valueAt(properties, 'error'));
    } else if (type === 'session.status') {
      this.#status(valueAt(properties, 'status'));
    } else if (type === 'session.idle' || type === 'session.turn.close') {
      this.hint();
    }
  }

  /** Something may have ended: ask. */
  hint(): void {
    if (this.#over) return;
    if (this.#checking) this.#hinted = true;
    else void this.#check();
  }

  settle(end: TurnEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancel();
    this.#resolve(end);
  }

  #accept(): void {
    if (!this.#accepted) this.#place.watch.emit({ kind: 'accepted' });
    this.#accepted = true;
  }

  #failed(error: unknown): void {
    const { watch, host } = this.#place;
    this.#complaint = complaintOf(error);
    if (isThrottle(this.#complaint)) {
      const header = (name: string) => textAt(error, 'data', 'responseHeaders', name) || null;
      watch.emit({ kind: 'throttled', untilMs: resetAt(header, host.now()), reason: this.#complaint.text });
    }
    this.hint();
  }

  #status(status: unknown): void {
    const { watch, profile, client, session } = this.#place;
    const type = textAt(status, 'type');
    if (type === 'busy') watch.alive();
    if (type === 'idle') this.hint();
    if (type !== 'retry') return;
    const complaint: Complaint = { status: null, text: textAt(status, 'message') };
    const attempt = numberAt(status, 'attempt') ?? 0;
    watch.note(`retry ${attempt}: ${complaint.text}`);
    if (isThrottle(complaint)) {
      watch.emit({ kind: 'throttled', untilMs: numberAt(status, 'next'), reason: complaint.text });
    }
    if (attempt <= profile.limits.retriesMax) return;
    this.settle({ kind: 'failed', ...retried(judge(complaint), profile.limits.retriesMax) });
    client.call('POST', `/session/${session}/abort`).catch(() => null);
  }

  #checkLoop(): void {
    const { progress, client, session } = this.#place;
    const finish = progress.loopEnd();
    if (finish === null || this.#over) return;
    this.settle({ kind: 'failed', failure: 'transient', reason: nonsense(finish) });
    client.call('POST', `/session/${session}/abort`).catch(() => null);
  }

  #checkIn(ms: number): void {
    this.#cancel();
    if (!this.#over) this.#cancel = this.#place.host.after(ms, () => this.hint());
  }

  async #check(): Promise<void> {
    this.#checking = true;
    this.#hinted = false;
    const next = await this.#ask().catch(() => checkMs);
    this.#checking = false;
    if (this.#hinted) this.hint();
    else this.#checkIn(next);
  }

  /** Asks for the true state. Settles, or says when to ask again. */
  async #ask(): Promise<number> {
    const { client, session, progress, promptId } = this.#place;
    const messages = listAt(await client.good('GET', `/session/${session}/message`));
    if (messages.some((message) => textAt(message, 'info', 'id') === promptId)) this.#accept();
    progress.catchUp(messages.filter((message) => textAt(message, 'info', 'parentID') === promptId));
    const end = judgeTurn(messages, promptId);
    const statuses = await client.good('GET', '/session/status');
    const busy = valueAt(statuses, session) !== undefined && textAt(statuses, session, 'type') !== 'idle';
    if (busy) {
      this.#idles = 0;
      return checkMs;
    }
    if (end !== 'running') {
      this.settle(end);
      return checkMs;
    }
    if (!this.#accepted && this.#complaint === null) return checkMs;
    this.#idles += 1;
    if (this.#idles <= againMax && !(this.#complaint !== null && this.#idles > 2)) return againMs;
    this.settle({ kind: 'failed', ...this.#unanswered() });
    return checkMs;
  }

  /** Idle for good, and no message answers the prompt. */
  #unanswered(): Judgement {
    if (this.#complaint !== null) return judge(this.#complaint);
    return {
      failure: 'transient',
      reason: 'the session is idle, but no message answers the prompt: the turn was lost',
    };
  }
}

function retried({ failure, reason }: Judgement, times: number): Judgement {
  return { failure, reason: `${reason} (after ${times} retries)` };
}
