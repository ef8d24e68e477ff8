/**
 * From a profile to the configuration and the environment of a server. Nothing is written to disk: the whole
 * configuration, the key and the town's token included, goes into one environment variable.
 */

import { Terminal } from '../../core/errors.ts';
import type { JsonObject } from '../../core/types.ts';
import { homeEnvironment } from '../environment.ts';
import type { DriverHost } from '../host.ts';
import { kiloModel, kiloProvider } from '../kilo/model.ts';
import type { Profile, RunRequest } from '../port.ts';
import type { Flavour } from './flavour.ts';

/** Our name for the gateway among the runtime's providers, and for the town among its MCP servers. */
const provider = 'gateway';
export const townServer = 'town';

/** How the runtime names the model. Null: it chooses. */
export function modelName({ model, gateway }: Profile): { providerID: string; modelID: string } | null {
  if (model === null) return null;
  if (gateway?.api === 'kilo') return { providerID: kiloProvider, modelID: kiloModel(model) };
  if (gateway !== null) return { providerID: provider, modelID: model };
  const slash = model.indexOf('/');
  if (slash > 0) return { providerID: model.slice(0, slash), modelID: model.slice(slash + 1) };
  throw new Terminal(`the model "${model}" has no provider: write provider/model, or give the profile a gateway`);
}

/** The runtime's configuration; what the profile sets itself wins. */
export function renderSettings(request: RunRequest): JsonObject {
  const { profile, mcp } = request;
  const model = modelName(profile);
  const name = model === null ? null : `${model.providerID}/${model.modelID}`;
  return {
    autoupdate: false,
    share: 'disabled',
    ...(name === null ? {} : { model: name, small_model: name }),
    ...renderProvider(profile),
    permission: permissionOf(profile),
    ...(mcp === null ? {} : { mcp: { [townServer]: renderMcp(mcp) } }),
    ...profile.settings,
  };
}

const packages = { 'openai-chat': '@ai-sdk/openai-compatible', anthropic: '@ai-sdk/anthropic' } as const;

function renderProvider(profile: Profile): JsonObject {
  const { gateway, model, limits } = profile;
  if (gateway === null) return {};
  if (gateway.api === 'openai-responses') {
    throw new Terminal(
      'this driver speaks no openai-responses: give the profile a gateway with openai-chat or anthropic',
    );
  }
  // A call that says nothing is given up by the runtime first, which may try again before our patience ends.
  const callMs = Math.round(limits.silenceMs / 2);
  const patience = { timeout: false, headerTimeout: callMs, chunkTimeout: callMs };
  if (gateway.api === 'kilo') return renderKilo(model, patience);
  if (model === null) throw new Terminal('a profile with a gateway needs a model: name one that the gateway has');
  const options = {
    baseURL: gateway.api === 'anthropic' ? `${gateway.url}/v1` : gateway.url,
    apiKey: gateway.key ?? 'none',
    ...patience,
  };
  const models = { [model]: { name: model, tool_call: true, limit: { context: 128_000, output: 16_000 } } };
  return {
    enabled_providers: [provider],
    provider: { [provider]: { npm: packages[gateway.api], name: 'Gateway', options, models } },
  };
}

/**
 * Kilo asks its own gateway what each model can do. The model is named here as well, without any of that: when the
 * list can not be had, kilo would say that the model does not exist, and hide what is wrong with the gateway.
 */
function renderKilo(model: string | null, options: JsonObject): JsonObject {
  const models = model === null ? {} : { [kiloModel(model)]: {} };
  return { enabled_providers: [kiloProvider], provider: { [kiloProvider]: { options, models } } };
}

function permissionOf({ permissions }: Profile): JsonObject {
  // Without the question tool a model can not block the session for ever.
  if (permissions === 'allow') return { '*': 'allow', question: 'deny', external_directory: 'deny' };
  if (permissions === 'ask') return { edit: 'ask', bash: 'ask', webfetch: 'ask', external_directory: 'deny' };
  return { question: 'deny', external_directory: 'deny' };
}

function renderMcp({ url, token }: { url: string; token: string }): JsonObject {
  return { type: 'remote', url, headers: { Authorization: `Bearer ${token}` }, oauth: false, enabled: true };
}

/** The whole environment of the server. */
export function serveEnvironment(
  request: RunRequest,
  flavour: Flavour,
  { host, password }: { host: DriverHost; password: string },
): Readonly<Record<string, string>> {
  const { profile } = request;
  const own = (name: string, value: string) => [`${flavour.prefix}_${name}`, value] as const;
  const gateway: Record<string, string> = {};
  if (profile.gateway?.api === 'kilo') {
    gateway.KILO_API_URL = profile.gateway.url;
    if (profile.gateway.key !== null) gateway.KILO_API_KEY = profile.gateway.key;
  }
  const off = ['MODELS_FETCH', 'AUTOUPDATE', 'SHARE', 'LSP_DOWNLOAD', 'DEFAULT_PLUGINS'];
  return {
    ...homeEnvironment(request, host),
    ...Object.fromEntries(off.map((name) => own(`DISABLE_${name}`, '1'))),
    ...flavour.environment(profile.limits.retriesMax),
    ...gateway,
    ...Object.fromEntries([
      own('SERVER_USERNAME', flavour.name),
      own('SERVER_PASSWORD', password),
      own('CONFIG_CONTENT', JSON.stringify(renderSettings(request))),
    ]),
  };
}
