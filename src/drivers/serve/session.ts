/** A conversation with a server: the session, its event feed, and one turn at a time. */
import { Retryable } from '../../core/errors.ts';
import type { Conversation, TurnEnd } from '../conversation.ts';
import { pause, within } from '../deadline.ts';
import { shorten } from '../failures.ts';
import type { DriverHost } from '../host.ts';
import { textAt, valueAt } from '../json.ts';
import type { RunRequest } from '../port.ts';
import { endProcess } from '../process-turn.ts';
import type { Watch } from '../watch.ts';
import { keepAttachment, runMarker } from './attachment.ts';
import type { ServeClient } from './client.ts';
import { openFeed } from './feed.ts';
import { Gates } from './gates.ts';
import { Progress } from './progress.ts';
import { promptId } from './prompt-id.ts';
import type { Server } from './server.ts';
import { modelName, townServer } from './settings.ts';
import { Turn } from './turn.ts';

/** For the town's MCP server to be connected. */
const mcpMs = 20_000;
/** For the event stream to be there. */
const feedMs = 20_000;

export type SessionPlace = {
  readonly request: RunRequest;
  readonly host: DriverHost;
  readonly watch: Watch;
  readonly server: Server;
};

/** `running` is the prompt of a turn that is under way there. */
export type WantedSession = { readonly session: string | null; readonly running: string | null };

/**
 * Opens the session on a server that answers.
 * Rejects with Retryable when the agent would lack the town's tools, or the server does not do what it should.
 */
export async function openSession(place: SessionPlace, wanted: WantedSession): Promise<Conversation> {
  const { request, host, watch, server } = place;
  await mcpConnected(place);
  const { client } = server;
  const resumed = await takeUp(client, request, wanted);
  const session =
    resumed && wanted.session !== null
      ? wanted.session
      : textAt(await client.good('POST', '/session', { title: request.title }), 'id');
  if (session === '') throw new Retryable('the server made a session without an id', 0);
  watch.emit({ kind: 'session', id: session });
  const live = new LiveSession(place, session);
  const feed = openFeed(host, client, live);
  const late = (): never => {
    throw new Retryable(`the server's event stream did not begin within ${feedMs / 1000} s`, 0);
  };
  await within<void>(host, feedMs, { promise: feed.opened, late });
  server.process?.ended.then(() => live.gone());
  const forget = host.onPerson((input) => live.gates.person(input));
  let running = resumed ? wanted.running : null;
  return {
    session,
    resumed,
    async turn(prompt) {
      const attached = running;
      running = null;
      return live.turn(prompt, attached);
    },
    abort: async () => void (await client.call('POST', `/session/${session}/abort`)),
    async close() {
      forget();
      feed.close();
      if (server.process !== null) await endProcess(host, server.process);
    },
  };
}

/**
 * True when the earlier session can go on here. A session works for ever in the directory that it was made in, whatever
 * directory is asked for later: in that of another attempt it would write where nobody looks. So it is moved to ours.
 */
async function takeUp(client: ServeClient, { directory }: RunRequest, wanted: WantedSession): Promise<boolean> {
  if (wanted.session === null) return false;
  const { status, body } = await client.call('GET', `/session/${wanted.session}`);
  if (status !== 200) return false;
  if (wanted.running !== null || textAt(body, 'directory') === directory) return true;
  const move = { sessionID: wanted.session, destination: { directory }, moveChanges: false };
  const moved = await client.call('POST', '/experimental/control-plane/move-session', { body: move });
  return moved.status >= 200 && moved.status < 300;
}

/** A failed MCP server fails no session: the agent would only lack the tool to say that it is done. */
async function mcpConnected({ request, host, server }: SessionPlace): Promise<void> {
  if (request.mcp === null) return;
  const deadline = host.now() + mcpMs;
  let last = 'no answer';
  while (host.now() < deadline) {
    const answer = await server.client.call('GET', '/mcp').catch(() => null);
    const status = valueAt(answer, 'body', townServer);
    if (textAt(status, 'status') === 'connected') return;
    last = `${textAt(status, 'status')} ${textAt(status, 'error')}`;
    await pause(host, 500);
  }
  throw new Retryable(`the agent can not reach the town's MCP server: ${shorten(last)}`, 0);
}

class LiveSession {
  readonly gates: Gates;
  readonly #place: SessionPlace;
  readonly #session: string;
  readonly #progress: Progress;
  #turn: Turn | null = null;
  #isGone = false;

  constructor(place: SessionPlace, session: string) {
    this.#place = place;
    this.#session = session;
    this.#progress = new Progress(place.watch);
    const { host, watch, server, request } = place;
    this.gates = new Gates({ host, client: server.client, watch, profile: request.profile });
  }

  async turn(prompt: string, attached: string | null): Promise<TurnEnd> {
    const { host, watch, server, request } = this.#place;
    if (this.#isGone) return lost;
    const id = attached ?? promptId(host);
    const { profile } = request;
    const client = server.client;
    const turn = new Turn({
      host,
      client,
      watch,
      profile,
      progress: this.#progress,
      session: this.#session,
      promptId: id,
    });
    this.#turn = turn;
    if (attached === null) {
      await this.#keep(id);
      const sent = this.#send(prompt, id);
      await Promise.race([sent.catch((thrown: unknown) => this.#unsent(id, thrown)), turn.ended]);
    } else {
      turn.hint();
      void this.gates.refresh();
    }
    return turn.ended;
  }

  /** The answer was lost or bad. A prompt may have arrived all the same: ask before anything is concluded. */
  async #unsent(id: string, thrown: unknown): Promise<void> {
    this.#place.watch.note(String(thrown));
    if (this.#isGone) return;
    const text = shorten(String(thrown));
    const arrived = await this.#arrived(id);
    if (!arrived)
      this.#turn?.settle({ kind: 'failed', failure: 'transient', reason: `the prompt was not taken: ${text}` });
    else this.#turn?.hint();
  }

  async #arrived(id: string): Promise<boolean> {
    const path = `/session/${this.#session}/message/${id}`;
    const answer = await this.#place.server.client.call('GET', path).catch(() => null);
    return answer?.status === 200;
  }

  async #send(prompt: string, messageID: string): Promise<void> {
    const { server, request } = this.#place;
    const model = modelName(request.profile);
    await server.client.good('POST', `/session/${this.#session}/prompt_async`, {
      messageID,
      parts: [{ type: 'text', text: prompt }],
      ...(model === null ? {} : { model }),
      ...(request.profile.mode === null ? {} : { agent: request.profile.mode }),
    });
  }

  async #keep(id: string): Promise<void> {
    const { host, request, server } = this.#place;
    const run = runMarker(host);
    if (run === '') return;
    await keepAttachment(host, request, { ...server.address, run, session: this.#session, promptId: id });
  }

  event(event: object): void {
    const type = textAt(event, 'type');
    const properties = valueAt(event, 'properties');
    // The server is this run's alone: sessions of sub-agents ask, live and cost for it, but do not end its turn.
    if (type === 'permission.asked') this.gates.asked('permission', properties);
    else if (type === 'question.asked') this.gates.asked('question', properties);
    else if (/^(?:permission|question)\.(?:replied|rejected)$/.test(type)) this.gates.closed(requestId(properties));
    else if (type === 'session.network.asked') void this.gates.offline(properties);
    else if (textAt(properties, 'sessionID') === this.#session) this.#turn?.event(type, properties);
    else if (type === 'message.updated') this.#progress.message(valueAt(properties, 'info'));
    else if (type.startsWith('message.')) this.#place.watch.alive();
  }

  reopened(): void {
    this.#place.host.log('the event stream broke and is there again: asking for the state');
    this.#turn?.hint();
    void this.gates.refresh();
  }

  gone(): void {
    this.#isGone = true;
    this.#turn?.settle(lost);
  }
}

const lost: TurnEnd = { kind: 'lost', why: 'the server died in the middle of a turn' };

function requestId(properties: unknown): string {
  return textAt(properties, 'requestID') || textAt(properties, 'permissionID') || textAt(properties, 'id');
}
