/**
 * A running town over HTTP: what commands read and send, typed, with the API's refusals as ours.
 */
import type { Policy, PolicyPatch } from '../../machines/policy.ts';
import type { RigRuntime } from '../../machines/vocabulary.ts';
import { coerceError, type RefusalCode, Refused, Retryable } from '../core/errors.ts';
import type { EngineEvent, EntityRef, JsonObject, Seq } from '../core/types.ts';
import { parseRef, refText } from '../core/types.ts';
import type { Env } from '../env/env.ts';
import type { LogFilter, Paged, TimerRow } from '../store/port.ts';
import type {
  AttemptView,
  BeadInput,
  EffectView,
  EntityView,
  ListQuery,
  MessageView,
  RunName,
  TownStatus,
  Why,
} from '../town/api.ts';
import type { LoggedRow, Range, Reader } from './reader.ts';
import { eventsIn, type ServerEvent } from './stream.ts';

const ANSWER_TIMEOUT_MS = 30_000;
const KEY_DIGITS = 32;
const SENDS_MAX = 3;

export type ClientOptions = { readonly url: string; readonly token: string; readonly env: Env };

/** A receipt as it goes over the wire. */
export type SentReceipt = { readonly seq: Seq; readonly entity: string; readonly at: number; readonly state: string };

type Query = Readonly<Record<string, string | number | boolean | undefined>>;
type Wire<T extends { readonly entity: EntityRef }> = Omit<T, 'entity'> & { readonly entity: string };
type Call = { readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT'; readonly path: string; readonly body?: unknown };

export class Client implements Reader {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async get(ref: EntityRef): Promise<EntityView | null> {
    try {
      return await this.#read<EntityView>(`/entities/${segment(ref.machine)}/${segment(ref.id)}`);
    } catch (thrown) {
      if (thrown instanceof Refused && thrown.code === 'unknown_entity') return null;
      throw thrown;
    }
  }

  list(machine: string, query: ListQuery = {}): Promise<Paged<EntityView>> {
    return this.#read(`/${segment(machine)}s`, query);
  }

  async brief(bead: string): Promise<string> {
    return (await this.#read<{ brief: string }>(`/beads/${segment(bead)}`)).brief;
  }

  async attempts({ machine, id }: EntityRef): Promise<readonly AttemptView[]> {
    const view = await this.#read<{ attempts: readonly AttemptView[] }>(`/${segment(machine)}s/${segment(id)}`);
    return view.attempts;
  }

  why(ref: EntityRef): Promise<Why> {
    return this.#read(`/why/${segment(ref.machine)}/${segment(ref.id)}`);
  }

  status(): Promise<TownStatus> {
    return this.#read('/town');
  }

  async log({ entity, ...filter }: LogFilter = {}, range: Range = {}): Promise<readonly LoggedRow[]> {
    const query = { order: 'asc', ...filter, ...range, ...(entity && { entity: refText(entity) }) };
    const page = await this.#read<Paged<Wire<LoggedRow>>>('/log', query);
    return page.items.map((row) => named(row));
  }

  async timers(query: { limit?: number; after?: string } = {}): Promise<Paged<TimerRow>> {
    const page = await this.#read<Paged<Wire<TimerRow>>>('/timers', query);
    return { items: page.items.map((row) => named(row)), next: page.next };
  }

  outbox(query: { limit?: number; after?: string } = {}): Promise<Paged<EffectView>> {
    return this.#read('/outbox', query);
  }

  policy(): Promise<Policy> {
    return this.#read('/policy');
  }

  async runtime(): Promise<RigRuntime | null> {
    return (await this.#read<{ runtime: RigRuntime | null }>('/runtime')).runtime;
  }

  setRuntime(runtime: RigRuntime | null): Promise<SentReceipt> {
    return this.#send({ method: 'PUT', path: '/runtime', body: runtime ?? {} });
  }

  patchPolicy(patch: PolicyPatch): Promise<Policy> {
    return this.#send({ method: 'PATCH', path: '/policy', body: patch });
  }

  send({ machine, id }: EntityRef, event: EngineEvent): Promise<SentReceipt> {
    return this.#send({ method: 'POST', path: `/entities/${segment(machine)}/${segment(id)}/events`, body: event });
  }

  /** REOPEN or RESET, whichever the bead takes. */
  retry(bead: string, reason: string | undefined): Promise<SentReceipt> {
    return this.#send({ method: 'POST', path: `/beads/${segment(bead)}/retry`, body: reason ? { reason } : {} });
  }

  async createBeads(beads: readonly BeadInput[]): Promise<readonly SentReceipt[]> {
    const { items } = await this.#send<{ items: readonly SentReceipt[] }>({
      method: 'POST',
      path: '/beads',
      body: beads,
    });
    return items;
  }

  /** Says something to the run of an agent. Refused `not_accepted` with why, when nobody is there to hear it. */
  say(agent: string, text: string): Promise<SentReceipt & { readonly message: MessageView | null }> {
    return this.#send({ method: 'POST', path: `/agents/${segment(agent)}/messages`, body: { text } });
  }

  /** `take-over`, `give-back`, `stop`: one of the commands of agents. */
  command(agent: string, name: string): Promise<SentReceipt> {
    return this.#send({ method: 'POST', path: `/agents/${segment(agent)}/${name}`, body: {} });
  }

  /** A report in the place of the run: that it is done, that it failed. */
  report(agent: string, body: object): Promise<SentReceipt> {
    return this.#send({ method: 'POST', path: `/agents/${segment(agent)}/events`, body });
  }

  async messages(agent: string): Promise<readonly MessageView[]> {
    return (await this.#read<{ items: readonly MessageView[] }>(`/agents/${segment(agent)}/messages`)).items;
  }

  /** What a run prints, until it has ended, the signal aborts, or the town closes. */
  async *output({ agent, epoch }: RunName, query: Query, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    const path = withQuery(`/agents/${segment(agent)}/runs/${epoch}/output/stream`, query);
    const answer = await this.#fetch({ method: 'GET', path }, { signal });
    if (answer.body) yield* eventsIn(answer.body);
  }

  /** Log rows from after `from` on, then new ones as they come, until the signal or the town's end. */
  async *follow(
    filter: { machine?: string; entity?: string },
    from: Seq,
    signal: AbortSignal,
  ): AsyncGenerator<LoggedRow> {
    const answer = await this.#fetch({ method: 'GET', path: withQuery('/stream', { ...filter, from }) }, { signal });
    if (!answer.body) return;
    for await (const { data } of eventsIn(answer.body)) {
      if (data !== '') yield named(JSON.parse(data) as Wire<LoggedRow>);
    }
  }

  async #read<T>(path: string, query: Query = {}): Promise<T> {
    const answer = await this.#fetch({ method: 'GET', path: withQuery(path, query) });
    return (await answer.json()) as T;
  }

  /** Sent again under one key when no answer came: it happens once. */
  async #send<T>(call: Call): Promise<T> {
    const key = this.#options.env.hex(KEY_DIGITS);
    for (let sends = 1; ; sends += 1) {
      try {
        const answer = await this.#fetch(call, { headers: { 'idempotency-key': key } });
        return (await answer.json()) as T;
      } catch (thrown) {
        if (thrown instanceof Refused || sends === SENDS_MAX) throw thrown;
      }
    }
  }

  async #fetch({ method, path, body }: Call, more: RequestInit = {}): Promise<Response> {
    const { url, token } = this.#options;
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json, text/event-stream',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(more.headers as Record<string, string>),
    };
    const signal = more.signal ?? AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const init = { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await reached(url, fetch(`${url}/api/v1${path}`, init));
    if (!answer.ok) throw await refusalOf(answer);
    return answer;
  }
}

async function reached(url: string, call: Promise<Response>): Promise<Response> {
  try {
    return await call;
  } catch (thrown) {
    const { message, cause } = coerceError(thrown);
    const why = cause instanceof Error ? cause.message : message;
    throw new Retryable(`the town at ${url} does not answer (${why}): is its process well?`, 0, { cause: thrown });
  }
}

async function refusalOf(answer: Response): Promise<Error> {
  const problem = (await answer.json().catch(() => ({}))) as JsonObject;
  const { code, detail, type: _type, title, status: _status, instance: _instance, ...details } = problem;
  const message = typeof detail === 'string' ? detail : `the town answered ${answer.status} ${String(title ?? '')}`;
  if (answer.status >= 500) return new Retryable(message, 0);
  return new Refused((typeof code === 'string' ? code : 'invalid') as RefusalCode, message, details);
}

function named<T extends { readonly entity: string }>(row: T): Omit<T, 'entity'> & { readonly entity: EntityRef } {
  return { ...row, entity: parseRef(row.entity) };
}

function segment(text: string): string {
  return encodeURIComponent(text);
}

function withQuery(path: string, query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? path : `${path}?${given}`;
}
