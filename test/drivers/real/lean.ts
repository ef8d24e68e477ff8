/** Keeps recordings small: what no driver reads is left out, long texts are cut, and what repeats is said once. */
import { textAt, valueAt } from '../../../src/drivers/json.ts';
import type { Sight } from '../recording.ts';

/** Events of the servers that no driver reads. */
const UNREAD_EVENTS = new RegExp(
  [
    ...[
      'server\\.heartbeat',
      'sync',
      'session\\.(?:diff|updated|created|turn\\.open|drain)',
      'message\\.part\\.removed',
    ],
    ...[
      'file\\.',
      'lsp\\.',
      'mcp\\.',
      'catalog',
      'plugin',
      'project',
      'models',
      'integration',
      'reference',
      'tui',
      'vcs',
    ],
  ]
    .map((name) => `^${name}`)
    .join('|'),
);
const UNREAD_PARTS: ReadonlySet<string> = new Set(['step-start', 'step-finish', 'patch', 'snapshot', 'reasoning']);
const UNREAD_FIELDS: ReadonlySet<string> = new Set([
  ...[
    'snapshot',
    'path',
    'modelID',
    'providerID',
    'agent',
    'mode',
    'slug',
    'projectID',
    'version',
    'metadata',
    'model',
  ],
  ...['summary', 'raw', 'tools', 'slash_commands', 'terminal_slash_commands', 'skills'],
  ...[
    'agents',
    'plugins',
    'messaging_socket_path',
    'capabilities',
    'memory_paths',
    'cwd',
    'uuid',
    'modelUsage',
    'model_usage_since_last_result',
    'subagent_stats',
    'timestamp',
  ],
  ...['modes', 'models', 'configOptions', '_meta', 'responseHeaders', 'responseBody', 'rawOutput'],
  ...[
    'tool_use_result',
    'tool_result_meta',
    'tool_use_meta',
    'rawInput',
    'server_tool_use',
    'cache_creation',
    'plugin',
  ],
]);
const TEXT_MAX = 300;

/** The value without what no driver reads. */
export function lean(value: unknown): unknown {
  if (typeof value === 'string') return value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value;
  if (Array.isArray(value)) return value.filter((each) => !UNREAD_PARTS.has(textAt(each, 'type'))).map(lean);
  if (typeof value !== 'object' || value === null) return value;
  if (textAt(value, 'sessionUpdate') === 'available_commands_update') return { ...value, availableCommands: [] };
  const fields = Object.entries(value).filter(([name]) => !UNREAD_FIELDS.has(name));
  return Object.fromEntries(fields.map(([name, each]) => [name, lean(each)]));
}

/** False for events of the servers that are left out. */
export function isRead(event: object): boolean {
  if (UNREAD_EVENTS.test(textAt(event, 'type'))) return false;
  return !UNREAD_PARTS.has(textAt(event, 'properties', 'part', 'type'));
}

/** The line of a program: JSON where it is JSON. */
export function leanLine(line: string): unknown {
  try {
    return lean(JSON.parse(line));
  } catch {
    return line.slice(0, 4 * TEXT_MAX);
  }
}

/** True when the same was seen right before, apart from ids and times of the event itself. */
export function repeats(before: Sight | undefined, sight: Sight): boolean {
  if (before?.kind !== 'event' || sight.kind !== 'event') return false;
  const type = textAt(sight.data, 'type');
  if (type !== 'message.updated' && type !== 'message.part.updated') return false;
  const content = (data: unknown) =>
    JSON.stringify([valueAt(data, 'properties', 'info'), valueAt(data, 'properties', 'part')]);
  return content(before.data) === content(sight.data);
}
