/**
 * From a profile to the command line and the environment of `codex exec`. The configuration goes as overrides in
 * arguments, in TOML, so nothing is written to disk; secrets stand in the environment and are only named there.
 */
import { homeEnvironment } from '../environment.ts';
import type { DriverHost, SpawnOrder } from '../host.ts';
import type { Profile, RunRequest } from '../port.ts';

const keyVariable = 'YARDMASTER_GATEWAY_KEY';
const tokenVariable = 'YARDMASTER_MCP_TOKEN';

/** The process of one turn. */
export function codexOrder(
  request: RunRequest,
  host: DriverHost,
  turn: { session: string | null; prompt: string },
): SpawnOrder {
  const { profile, directory, mcp } = request;
  const { gateway } = profile;
  return {
    argv: [
      ...profile.program,
      'exec',
      ...(turn.session === null ? [] : ['resume', turn.session]),
      '--json',
      ...(profile.model === null ? [] : ['--model', profile.model]),
      ...overrides(request).flatMap((override) => ['-c', override]),
      ...(profile.permissions === 'allow' ? ['--dangerously-bypass-approvals-and-sandbox'] : []),
      ...profile.arguments,
      '-',
    ],
    directory,
    environment: {
      ...homeEnvironment(request, host),
      ...(gateway?.key ? { [keyVariable]: gateway.key } : {}),
      ...(mcp === null ? {} : { [tokenVariable]: mcp.token }),
    },
    input: turn.prompt,
  };
}

/** What asks hosts of its maker beside the gateway: behind a wall that swallows packets, a run would wait for them. */
const quiet = ['analytics.enabled=false', 'check_for_update_on_startup=false', 'features.plugins=false'] as const;

/** `key=value` in TOML; what JSON writes as a string is a string there too. */
function overrides({ profile, mcp }: RunRequest): string[] {
  const all: string[] = [...quiet, ...(profile.gateway === null ? [] : provider(profile, profile.gateway.url))];
  // Nobody can be asked, and a sandbox that may not write makes no commit.
  if (profile.permissions !== 'allow') all.push('approval_policy="never"', 'sandbox_mode="workspace-write"');
  if (mcp !== null) {
    all.push(
      `mcp_servers.town.url=${JSON.stringify(mcp.url)}`,
      `mcp_servers.town.bearer_token_env_var="${tokenVariable}"`,
      // Without the town's tools the agent could not say that it is done: it shall not even begin.
      'mcp_servers.town.required=true',
    );
  }
  return all;
}

function provider({ gateway, limits }: Profile, url: string): string[] {
  const settings = [
    'name="Gateway"',
    `base_url=${JSON.stringify(url)}`,
    'wire_api="responses"',
    ...(gateway?.key ? [`env_key="${keyVariable}"`] : []),
    'request_max_retries=0',
    `stream_max_retries=${limits.retriesMax}`,
    `stream_idle_timeout_ms=${Math.round(limits.silenceMs / 2)}`,
  ];
  return ['model_provider="gateway"', `model_providers.gateway={${settings.join(',')}}`];
}
