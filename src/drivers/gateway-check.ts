/**
 * Asks a gateway for one token: the only way to know that it takes the credential and has the model. Lists of models
 * are often public, and the runtimes' own "logged in" says nothing about a key.
 */
import { coerceError } from '../core/errors.ts';
import { within } from './deadline.ts';
import { isThrottle, judge, shorten } from './failures.ts';
import type { DriverHost } from './host.ts';
import { parseObject, textAt, valueAt } from './json.ts';
import { kiloModel } from './kilo/model.ts';
import type { Gateway, GatewayApi, Readiness } from './port.ts';

const callMs = 30_000;

type Unready = Extract<Readiness, { ready: false }>;
type Call = { readonly path: string; readonly body: object };

const says = [{ role: 'user', content: 'Say yes.' }] as const;

const calls: Readonly<Record<GatewayApi, (model: string) => Call>> = {
  'openai-chat': (model) => ({ path: '/chat/completions', body: { model, max_tokens: 1, messages: says } }),
  'openai-responses': (model) => ({ path: '/responses', body: { model, max_output_tokens: 16, input: 'Say yes.' } }),
  anthropic: (model) => ({ path: '/v1/messages', body: { model, max_tokens: 1, messages: says } }),
  kilo: (model) => ({
    path: '/api/openrouter/chat/completions',
    body: { model: kiloModel(model), max_tokens: 1, messages: says },
  }),
};

/** Null: ready. A text: ready, with this to know. */
export async function checkGateway(
  host: DriverHost,
  gateway: Gateway,
  model: string,
): Promise<Unready | string | null> {
  const { path, body } = calls[gateway.api](model);
  const abort = new AbortController();
  const headers = { 'content-type': 'application/json', ...ownHeaders(host, gateway) };
  const ask = async () => {
    const response = await host.fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal: abort.signal,
    });
    return { status: response.status, text: await response.text() };
  };
  const late = () => {
    abort.abort();
    return unreachable(gateway, `no answer within ${callMs / 1000} s`);
  };
  try {
    const answer = await within<{ status: number; text: string } | Unready>(host, callMs, { promise: ask(), late });
    return 'ready' in answer ? answer : weigh(gateway, answer);
  } catch (thrown) {
    const error = coerceError(thrown);
    const cause = valueAt(error, 'cause', 'code');
    return unreachable(gateway, `${error.message}${cause === undefined ? '' : ` (${String(cause)})`}`);
  }
}

function ownHeaders({ environment }: DriverHost, { api, key }: Gateway): Record<string, string> {
  if (api === 'kilo') {
    // As kilo itself asks: without a key it has a name for that, and its organization pays.
    const organization = environment.KILO_ORG_ID;
    const who = { authorization: `Bearer ${key ?? 'anonymous'}` };
    return organization ? { ...who, 'x-kilocode-organizationid': organization } : who;
  }
  if (key === null) return {};
  if (api === 'anthropic') return { 'x-api-key': key, 'anthropic-version': '2023-06-01' };
  return { authorization: `Bearer ${key}` };
}

function unreachable({ url }: Gateway, reason: string): Unready {
  const remedy = `check that ${url} is right and that this machine reaches it`;
  return { ready: false, check: 'gateway', failure: 'transient', reason: `the gateway: ${reason}`, remedy };
}

function weigh(gateway: Gateway, { status, text }: { status: number; text: string }): Unready | string | null {
  const body = parseObject(text);
  const message = textAt(body, 'error', 'message') || textAt(body, 'message') || shorten(text);
  if (status >= 200 && status < 300) {
    if (body !== null) return null;
    const remedy = `${gateway.url} is no ${gateway.api} API: correct the URL, or sign in where a proxy asks for it`;
    return { ready: false, check: 'gateway', failure: 'permanent', reason: 'it answers with no JSON', remedy };
  }
  const complaint = { status, text: message };
  const { failure } = judge(complaint);
  // The remedy is said beside it, once.
  const reason = `the gateway answered with status ${status}: ${message}`;
  const unready = { ready: false, failure: failure === 'permanent' ? 'permanent' : 'transient', reason } as const;
  if (status === 401 || status === 403)
    return { ...unready, check: 'credential', remedy: 'give the profile a valid key' };
  if (status === 402) return { ...unready, check: 'credential', remedy: 'add credit, or raise the limit of the key' };
  if (status === 404) return { ...unready, check: 'model', remedy: 'correct the model or the URL of the profile' };
  if (isThrottle(complaint))
    return { ...unready, check: 'gateway', remedy: 'wait, or raise the limits at the gateway' };
  if (failure === 'transient') return { ...unready, check: 'gateway', remedy: 'wait until the gateway is well again' };
  return `the gateway refused a call of one token with status ${status} (${message}), so the model is not proven`;
}
