/**
 * From a profile to the command line and the environment of `claude -p`. Nothing is written to disk. The town's
 * token is named in an argument and stands in the environment.
 */
import { homeEnvironment } from '../environment.ts';
import type { DriverHost, SpawnOrder } from '../host.ts';
import type { Profile, RunRequest } from '../port.ts';

const tokenVariable = 'YARDMASTER_MCP_TOKEN';

/** The process of one turn. */
export function claudeOrder(
  request: RunRequest,
  host: DriverHost,
  turn: { session: string | null; prompt: string },
): SpawnOrder {
  const { profile, directory } = request;
  return {
    argv: [
      ...profile.program,
      '-p',
      '--output-format',
      'stream-json',
      '--verbose',
      ...(turn.session === null ? [] : ['--resume', turn.session]),
      ...(profile.model === null ? [] : ['--model', profile.model]),
      ...permissionFlags(profile),
      ...mcpFlags(request),
      ...profile.arguments,
    ],
    directory,
    environment: environmentOf(request, host),
    input: turn.prompt,
  };
}

/** Without a screen nobody is asked: what is not allowed is denied. */
function permissionFlags({ permissions, mode }: Profile): string[] {
  const allowed = ['--allowedTools', 'mcp__town'];
  if (permissions === 'allow') return ['--dangerously-skip-permissions', ...allowed];
  return ['--permission-mode', mode ?? 'acceptEdits', ...allowed];
}

function mcpFlags({ mcp }: RunRequest): string[] {
  if (mcp === null) return [];
  const headers = { Authorization: `Bearer \${${tokenVariable}}` };
  const servers = { mcpServers: { town: { type: 'http', url: mcp.url, headers } } };
  return ['--mcp-config', JSON.stringify(servers), '--strict-mcp-config'];
}

function environmentOf(request: RunRequest, host: DriverHost): Readonly<Record<string, string>> {
  const { profile, mcp } = request;
  const { gateway, model, limits } = profile;
  return {
    ...homeEnvironment(request, host),
    CLAUDE_CONFIG_DIR: `${request.home}/.claude`,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_MAX_RETRIES: String(limits.retriesMax),
    API_TIMEOUT_MS: String(Math.round(limits.silenceMs / 2)),
    // Otherwise the town's tools are hidden behind a search that the model must think of.
    ENABLE_TOOL_SEARCH: 'false',
    // The run is a sandbox of its own as far as the town cares; without it root may not skip permissions.
    ...(profile.permissions === 'allow' ? { IS_SANDBOX: '1' } : {}),
    // Its side jobs go to a smaller model that the gateway may not have.
    ...(gateway === null || model === null ? {} : { ANTHROPIC_DEFAULT_HAIKU_MODEL: model }),
    ...(gateway === null ? {} : { ANTHROPIC_BASE_URL: gateway.url }),
    ...(gateway?.key ? { ANTHROPIC_API_KEY: gateway.key } : {}),
    ...(mcp === null ? {} : { [tokenVariable]: mcp.token }),
  };
}
