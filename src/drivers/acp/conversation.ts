/**
 * A conversation over the Agent Client Protocol. The agent is bound to our pipes: it dies with us, and its session
 * is loaded again. Retries and hangs of the agent are silent here; only the silence timer sees them.
 */
import * as acp from '@agentclientprotocol/sdk';
import { coerceError, Retryable, Terminal } from '../../core/errors.ts';
import type { Conversation, TurnEnd } from '../conversation.ts';
import { within } from '../deadline.ts';
import { homeEnvironment } from '../environment.ts';
import { judge, shorten } from '../failures.ts';
import type { DriverHost, DriverProcess } from '../host.ts';
import { textAt, valueAt } from '../json.ts';
import type { RunRequest } from '../port.ts';
import { endProcess, notStarted } from '../process-turn.ts';
import type { Watch } from '../watch.ts';
import { channelOf } from './channel.ts';
import { Permissions } from './permissions.ts';
import { Updates } from './updates.ts';

/** For a start, a handshake and a session on a busy machine, each. */
const stepMs = 60_000;
/** From the end of its input to a signal. */
const leaveMs = 2_000;
/** The protocol's code for an agent that wants a login. */
const authenticationRequired = -32000;

type Place = { readonly request: RunRequest; readonly host: DriverHost; readonly watch: Watch };
type Agent = acp.ClientConnection['agent'];

/** Rejects with Terminal or Retryable, like every opener. */
export async function openAcp(place: Place, wanted: string | null, signal: AbortSignal): Promise<Conversation> {
  const { request, host, watch } = place;
  const process = host.spawn({
    argv: [...request.profile.program, ...request.profile.arguments],
    directory: request.directory,
    environment: homeEnvironment(request, host),
    input: null,
  });
  const kill = () => process.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    return await connect(place, process, wanted);
  } catch (thrown) {
    process.kill('SIGKILL');
    const end = await within(host, leaveMs, { promise: process.ended, late: () => null });
    if (end?.failure !== undefined) throw notStarted(request.profile.program[0] ?? '', end.failure);
    if (thrown instanceof Terminal || thrown instanceof Retryable) throw thrown;
    watch.note(String(thrown));
    const { failure, reason } = judgeError(thrown);
    throw failure === 'permanent' ? new Terminal(reason) : new Retryable(`the agent did not begin: ${reason}`, 0);
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

async function connect(place: Place, process: DriverProcess, wanted: string | null): Promise<Conversation> {
  const { request, host, watch } = place;
  const updates = new Updates(watch);
  const permissions = new Permissions(request.profile, watch);
  let listening = false;
  const connection = acp
    .client({ name: 'yardmaster' })
    .onRequest(acp.methods.client.session.requestPermission, ({ params }) => permissions.ask(params))
    .onNotification(acp.methods.client.session.update, ({ params }) => {
      // A loaded session tells its whole past first.
      if (listening) updates.take(params.update);
      else watch.alive();
    })
    .connect(channelOf(process, watch));
  const { agent } = connection;
  const opened = await openSession(place, agent, wanted);
  watch.emit({ kind: 'session', id: opened.session });
  const forget = host.onPerson((input) => permissions.person(input));
  return {
    ...opened,
    async turn(prompt) {
      listening = true;
      updates.begin();
      watch.emit({ kind: 'accepted' });
      const end = await promptOnce(agent, opened.session, prompt).catch((thrown: unknown): TurnEnd => {
        if (connection.signal.aborted) return { kind: 'lost', why: 'the agent died in the middle of a turn' };
        return { kind: 'failed', ...judgeError(thrown) };
      });
      const worked = updates.end();
      return end.kind === 'answered' && !worked ? { kind: 'unfinished', why: 'Your answer was empty.' } : end;
    },
    async abort() {
      permissions.cancel();
      await agent.notify(acp.methods.agent.session.cancel, { sessionId: opened.session });
    },
    async close() {
      forget();
      permissions.cancel();
      process.closeInput();
      const left = await within(host, leaveMs, { promise: process.ended, late: () => null });
      if (left === null) await endProcess(host, process);
    },
  };
}

async function openSession({ request, host }: Place, agent: Agent, wanted: string | null) {
  const step = <T>(what: string, promise: Promise<T>): Promise<T> =>
    within<T>(host, stepMs, {
      promise,
      late: () => {
        throw new Retryable(`the agent did not answer ${what} within ${stepMs / 1000} s`, 0);
      },
    });
  const known = await step(
    'initialize',
    agent.request(acp.methods.agent.initialize, {
      protocolVersion: acp.PROTOCOL_VERSION,
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      clientInfo: { name: 'yardmaster', version: '1' },
    }),
  );
  const about = { cwd: request.directory, mcpServers: mcpServers(request, known.agentCapabilities) };
  const isHere = () => worksHere(request.directory, known, { agent, wanted });
  const mayLoad = wanted !== null && known.agentCapabilities?.loadSession === true;
  const loaded =
    mayLoad && (await step('session/list', isHere()))
      ? await step('session/load', agent.request(acp.methods.agent.session.load, { ...about, sessionId: wanted })).then(
          () => wanted,
          () => null,
        )
      : null;
  const begin = () => agent.request<acp.NewSessionResponse>(acp.methods.agent.session.new, about);
  const session = loaded ?? (await step<acp.NewSessionResponse>('session/new', begin())).sessionId;
  const { mode } = request.profile;
  if (mode !== null) {
    await step(
      'session/set_mode',
      agent.request(acp.methods.agent.session.setMode, { sessionId: session, modeId: mode }),
    );
  }
  return { session, resumed: loaded !== null };
}

/**
 * False when the agent says that the session belongs to another directory. Some load it all the same, and go on
 * working there: in the worktree of an earlier attempt, where nobody looks. Agents that list nothing are trusted.
 */
async function worksHere(
  directory: string,
  { agentCapabilities }: acp.InitializeResponse,
  { agent, wanted }: { agent: Agent; wanted: string | null },
): Promise<boolean> {
  if (!agentCapabilities?.sessionCapabilities?.list) return true;
  const listing = agent.request<acp.ListSessionsResponse>(acp.methods.agent.session.list, { cwd: directory });
  const { sessions } = await listing.catch(() => ({ sessions: [] }));
  return sessions.some(({ sessionId }) => sessionId === wanted);
}

function mcpServers({ mcp }: RunRequest, capabilities: acp.AgentCapabilities | undefined): acp.McpServer[] {
  if (mcp === null) return [];
  if (capabilities?.mcpCapabilities?.http !== true) {
    throw new Terminal('the agent takes no MCP servers over HTTP: use a newer one, or run it with the driver command');
  }
  const headers = [{ name: 'Authorization', value: `Bearer ${mcp.token}` }];
  return [{ type: 'http', name: 'town', url: mcp.url, headers }];
}

async function promptOnce(agent: Agent, session: string, prompt: string): Promise<TurnEnd> {
  const { stopReason } = await agent.request(acp.methods.agent.session.prompt, {
    sessionId: session,
    prompt: [{ type: 'text', text: prompt }],
  });
  if (stopReason === 'end_turn') return { kind: 'answered' };
  if (stopReason === 'max_tokens') {
    return { kind: 'unfinished', why: 'Your answer was cut off because it became too long.' };
  }
  if (stopReason === 'max_turn_requests') return { kind: 'unfinished', why: 'You ran out of turns.' };
  if (stopReason === 'refusal') return { kind: 'failed', failure: 'work', reason: 'the agent refuses the task' };
  return { kind: 'failed', failure: 'transient', reason: `the turn ended with "${stopReason}"` };
}

function judgeError(thrown: unknown) {
  const error = coerceError(thrown);
  const details = textAt(valueAt(error, 'data'), 'message') || textAt(valueAt(error, 'data'), 'details');
  const judged = judge({ status: null, text: shorten(`${error.message} ${details}`) });
  if (valueAt(error, 'code') !== authenticationRequired || judged.failure === 'permanent') return judged;
  const reason = `${judged.reason} (the agent wants a login: give the profile its key)`;
  return { failure: 'permanent' as const, reason };
}
