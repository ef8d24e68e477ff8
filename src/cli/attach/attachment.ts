/** A person at an agent: the output of its run, then of its next one, until they have seen enough. */
import { Refused, Retryable } from '../../core/errors.ts';
import type { Client } from '../client.ts';
import { acting, type TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { placeOfTown } from '../places.ts';
import type { Shell } from '../shell.ts';
import { plural } from '../text.ts';
import { Line } from './line.ts';
import { News } from './news.ts';
import { type Ending, ending, introduction, Screen, silence } from './screen.ts';
import { Typing, typingHelp } from './typing.ts';

export type AttachOptions = TownChoice & {
  /** Commander's name of `--no-input`. */
  readonly input: boolean;
  readonly raw?: boolean;
  readonly once?: boolean;
  readonly takeOver?: boolean;
  /** Bytes. */
  readonly tail: number;
};

/** Resolves with the exit code. Refused as the town does; Retryable when it stays away. */
export async function attach(shell: Shell, agent: string, options: AttachOptions): Promise<number> {
  const leaving = new AbortController();
  const unsubscribe = shell.onSignal(['SIGINT', 'SIGTERM'], () => leaving.abort());
  const attachment = new Attachment(shell, { agent, options, leaving });
  try {
    return await attachment.open();
  } catch (thrown) {
    if (!leaving.signal.aborted) throw thrown;
    attachment.sayGoodbye();
    return exits.done;
  } finally {
    leaving.abort();
    unsubscribe();
  }
}

type Place = { readonly agent: string; readonly options: AttachOptions; readonly leaving: AbortController };

class Attachment {
  readonly #shell: Shell;
  readonly #place: Place;
  readonly #screen: Screen;
  readonly #line: Line;
  readonly #isRaw: boolean;
  #epoch = 0;
  #isOver = false;
  #news: News | null = null;

  constructor(shell: Shell, place: Place) {
    this.#shell = shell;
    this.#place = place;
    this.#isRaw = place.options.raw === true && shell.out.isTerminal;
    this.#screen = new Screen(shell, this.#isRaw);
    const remark = (text: string) => this.#screen.remark(text);
    const directory = placeOfTown(shell, place.options.data);
    this.#line = new Line(shell, directory, { remark, signal: place.leaving.signal });
  }

  async open(): Promise<number> {
    const { agent, options, leaving } = this.#place;
    const client = acting(this.#shell, options);
    const view = await client.get({ machine: 'agent', id: agent });
    if (view === null) throw new Refused('unknown_entity', `there is no agent ${agent}: \`yardmaster list agents\``);
    if (options.once && view.context.epoch === 0) {
      throw new Refused('not_found', `agent ${agent} has not run yet: without --once its first run is waited for`);
    }
    const { seq } = await client.status();
    const { signal } = leaving;
    const remark = (text: string) => this.#screen.remark(text);
    const isAttended = view.substate.endsWith('.attended');
    const news = new News({ line: this.#line, agent, from: seq, isAttended, remark, signal });
    this.#news = news;
    void news.follow();
    const isWorking = view.state === 'working';
    this.#epoch = Number(view.context.epoch);
    this.#isOver = !isWorking;
    if (options.takeOver) await client.command(agent, 'take-over');
    const forget = this.#listen();
    try {
      if (!isWorking && !options.once) {
        remark(`agent ${agent} is ${view.substate}: nothing runs. Its next run is waited for.`);
        this.#epoch = await news.nextRun(this.#epoch);
      }
      return await this.#follow(news);
    } finally {
      forget();
    }
  }

  sayGoodbye(): void {
    const { agent } = this.#place;
    const again = `\`yardmaster attach ${agent}\` comes back`;
    this.#screen.remark(this.#isOver ? `detached; ${again}` : `detached; the run goes on, and ${again}`);
    if (!this.#news?.isAttended) return;
    const back = `\`yardmaster send agent/${agent} GIVE_BACK\` gives it back`;
    this.#screen.remark(`a person still has its conversation, until nobody has spoken for a while; ${back}`);
  }

  async #follow(news: News): Promise<number> {
    const { agent, options } = this.#place;
    for (;;) {
      this.#isOver = false;
      await this.#introduce();
      const end = await this.#watch();
      this.#isOver = true;
      this.#screen.remark(`run ${this.#epoch} of agent ${agent} has ended: ${ending(end)}`);
      await this.#sayUndelivered();
      if (options.once) return end.outcome === 'completed' ? exits.done : exits.unfinished;
      this.#epoch = await news.nextRun(this.#epoch);
    }
  }

  async #introduce(): Promise<void> {
    const ref = { machine: 'agent', id: this.#place.agent };
    const [view, attempts, containers] = await this.#line.use(async (client) => {
      const shown = await client.get(ref);
      const own = await client.attempts(ref);
      const attempt = own.find(({ epoch }) => epoch === this.#epoch);
      const all = attempt ? await client.attempts({ machine: 'bead', id: attempt.bead }).catch(() => own) : own;
      return [shown, all, (await client.status()).containers] as const;
    });
    if (view === null) return;
    const attempt = attempts.find(({ epoch }) => epoch === this.#epoch) ?? null;
    const number = attempts.filter(({ epoch }) => epoch <= this.#epoch).length;
    const now = this.#shell.env.clock.now();
    this.#screen.remark(introduction(view, attempt, { now, number, epoch: this.#epoch }));
    const away = view.state === 'working' ? silence(view, containers) : null;
    if (away) this.#screen.remark(away);
    if (this.#isTyping) this.#screen.remark(typingHelp);
  }

  /** The output from where it was last seen, however often the stream breaks. */
  async #watch(): Promise<Ending> {
    let from: number | null = null;
    return this.#line.use(async (client) => {
      for await (const piece of this.#pieces(client, from)) {
        this.#line.here();
        if (piece.end) return piece.end;
        if (piece.skipped) this.#screen.remark(`${piece.skipped} bytes of output are no longer kept`);
        this.#screen.output(piece.text);
        from = piece.next ?? from;
      }
      throw new Retryable('the stream broke off', 0);
    });
  }

  async *#pieces(client: Client, from: number | null): AsyncGenerator<Piece> {
    const { agent, options, leaving } = this.#place;
    const begin = from === null ? { tailBytes: options.tail } : { from };
    const run = { agent, epoch: this.#epoch };
    for await (const { data, id } of client.output(run, { ...begin, raw: this.#isRaw }, leaving.signal)) {
      const { text = '', skipped = 0, end = null } = JSON.parse(data) as Partial<Piece>;
      yield { text, skipped, end, next: id ? Number(id) : null };
    }
  }

  async #sayUndelivered(): Promise<void> {
    const said = await this.#line.use((client) => client.messages(this.#place.agent));
    const lost = said.filter(({ epoch, state }) => epoch === this.#epoch && state !== 'delivered');
    if (lost.length === 0) return;
    const verb = lost.length === 1 ? 'was' : 'were';
    this.#screen.remark(`${plural(lost.length, 'message')} ${verb} not delivered: the bead's next run is told`);
  }

  get #isTyping(): boolean {
    return this.#place.options.input && this.#shell.input.isTerminal;
  }

  #listen(): () => void {
    if (!this.#isTyping) return () => undefined;
    const typing = new Typing({
      ...{ line: this.#line, agent: this.#place.agent, epoch: () => this.#epoch },
      remark: (text) => this.#screen.remark(text),
      detach: () => this.#place.leaving.abort(),
    });
    return this.#shell.input.onLine((text) => typing.take(text));
  }
}

type Piece = {
  readonly text: string;
  readonly next: number | null;
  readonly skipped: number;
  readonly end: Ending | null;
};
