/**
 * The load on a town under torture, over HTTP: every command has an idempotency key, is sent again with the same key
 * until it was acknowledged, and is remembered for ever, so that it can be looked for after each death.
 */
import type { Dice } from './dice.ts';

/** A command, and what became of it. `word` is found in the log row that it makes, and nowhere else. */
export type Command = {
  readonly key: string;
  readonly path: string;
  readonly body: unknown;
  /** Reference of the entity, and the type of the event in its log row. */
  readonly entity: string;
  readonly type: string;
  readonly word: string;
  /** Log row of the receipt; null while nobody acknowledged it. */
  seq: number | null;
  sent: number;
};

export type Figures = { acknowledged: number; repeated: number; replayed: number; refused: number };

type Receipt = { readonly seq?: number; readonly entity?: string };

const WIDTH = 16;
const ANSWER_MS = 5_000;
/** Statuses that promise nothing was done, and that it may be tried again. */
const LATER: ReadonlySet<number> = new Set([429, 503]);
const AGENTS = ['polecat-1', 'polecat-2'];

export class Load {
  readonly commands: Command[] = [];
  readonly figures: Figures = { acknowledged: 0, repeated: 0, replayed: 0, refused: 0 };
  /** What the town answered that it may not answer. */
  readonly problems: string[] = [];
  readonly #dice: Dice;
  readonly #token: () => string;
  readonly #open: Command[] = [];
  readonly #beads: string[] = [];
  readonly #released: string[] = [];
  #numbered = 0;

  constructor(dice: Dice, token: () => string) {
    this.#dice = dice;
    this.#token = token;
  }

  /** Works until the town is dead or `until` is aborted; resolves when no request is out. */
  async work(url: string, until: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: WIDTH }, () => this.#workOn(url, until)));
  }

  /** Sends again what nobody acknowledged, until all of it is. */
  async finish(url: string, until: AbortSignal): Promise<void> {
    while (this.#open.length > 0 && !until.aborted) {
      const command = this.#open.shift();
      if (command && !(await this.#send(url, command, until))) return;
    }
  }

  async #workOn(url: string, until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const command = this.#open.shift() ?? this.#repetition() ?? this.#next();
      if (!(await this.#send(url, command, until))) return;
    }
  }

  /** Now and then something that was acknowledged long ago is sent once more. */
  #repetition(): Command | undefined {
    if (!this.#dice.chance(0.1)) return undefined;
    return this.commands[Math.floor(this.#dice.below(this.commands.length))];
  }

  #next(): Command {
    const number = this.#numbered;
    this.#numbered += 1;
    const key = `key-${number}`;
    const rolled = this.#dice.below(100);
    const bead = this.#beads[Math.floor(this.#dice.below(this.#beads.length))];
    if (bead === undefined || rolled < 40) return this.#remember({ key, ...addition(`b-${number}`) });
    if (rolled < 75) return this.#remember({ key, ...verb('bead', bead, { name: 'reset', type: 'RESET', key }) });
    if (rolled < 78) {
      this.#beads.splice(this.#beads.indexOf(bead), 1);
      this.#released.push(bead);
      return this.#remember({ key, ...verb('bead', bead, { name: 'release', type: 'RELEASE', key }) });
    }
    const late = this.#released.at(-1);
    // Held back in whatever it is doing by then, a start on its way included.
    if (rolled < 80 && late) {
      this.#released.pop();
      return this.#remember({ key, ...verb('bead', late, { name: 'hold', type: 'HOLD', key }) });
    }
    const agent = AGENTS[number % AGENTS.length] ?? '';
    const event = { name: 'reset-attempts', type: 'RESET', key };
    return this.#remember({ key, ...verb('agent', agent, event) });
  }

  #remember(command: Omit<Command, 'seq' | 'sent'>): Command {
    const remembered = { ...command, seq: null, sent: 0 };
    this.commands.push(remembered);
    return remembered;
  }

  /** False: the town does not answer any more. */
  async #send(url: string, command: Command, until: AbortSignal): Promise<boolean> {
    command.sent += 1;
    if (command.sent > 1) this.figures.repeated += 1;
    try {
      const answer = await fetch(`${url}/api/v1${command.path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#token()}`,
          'content-type': 'application/json',
          'idempotency-key': command.key,
        },
        body: JSON.stringify(command.body),
        signal: AbortSignal.any([until, AbortSignal.timeout(ANSWER_MS)]),
      });
      const body = (await answer.json()) as Receipt;
      this.#take(command, answer, body);
      return true;
    } catch {
      if (command.seq === null) this.#open.push(command);
      return false;
    }
  }

  #take(command: Command, answer: Response, { seq, entity }: Receipt): void {
    if (answer.headers.get('idempotency-replayed') === 'true') this.figures.replayed += 1;
    if (!answer.ok || seq === undefined) {
      if (LATER.has(answer.status) && command.seq === null) this.#open.push(command);
      else if (!LATER.has(answer.status)) this.#refuse(command, answer.status);
      return;
    }
    if (entity !== command.entity) this.problems.push(`${command.key}: the receipt is of ${entity}`);
    if (command.seq !== null && command.seq !== seq) {
      this.problems.push(`${command.key} was acknowledged as row ${command.seq}, and then again as row ${seq}`);
    }
    if (command.seq !== null) return;
    command.seq = seq;
    this.figures.acknowledged += 1;
    if (command.type === 'xstate.init') this.#beads.push(command.entity.slice('bead/'.length));
  }

  /** Nothing in this load may be refused, but what meets a bead that was let go meanwhile. */
  #refuse(command: Command, status: number): void {
    this.figures.refused += 1;
    if (command.seq !== null) this.problems.push(`${command.key} was acknowledged, and then answered ${status}`);
    else if (status !== 409) this.problems.push(`${command.key} (${command.path}) was answered ${status}`);
  }
}

type Wanted = Pick<Command, 'path' | 'body' | 'entity' | 'type' | 'word'>;

function addition(id: string): Wanted {
  const body = { id, title: `Bead ${id}`, held: true };
  return { path: '/beads', body, entity: `bead/${id}`, type: 'xstate.init', word: id };
}

function verb(machine: string, id: string, { name, type, key }: { name: string; type: string; key: string }): Wanted {
  const body = { reason: `because of ${key}.` };
  return { path: `/${machine}s/${id}/${name}`, body, entity: `${machine}/${id}`, type, word: body.reason };
}
