/**
 * The real runtimes: exact versions, the native binary in their packages, and the profile that points them at the
 * test gateway. They are installed into a folder that git ignores; nothing depends on them.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DriverName, GatewayApi, Profile } from '../../../src/drivers/port.ts';
import { GOOD_KEY, MODEL } from '../../gateway/replies.ts';

export type RuntimeName = 'kilo' | 'kilo gateway' | 'opencode' | 'claude' | 'codex' | 'acp';

export type Runtime = {
  readonly name: RuntimeName;
  readonly driver: DriverName;
  readonly package: string;
  /** Folder of its installation; runtimes of one package share it. */
  readonly folder: string;
  /** Below `node_modules`. */
  readonly binary: string;
  readonly api: GatewayApi;
  /** Hosts of its maker that it asks and that nothing turns off: it goes on without an answer. */
  readonly mayAsk?: RegExp;
  /** The cases that say something new for it; left out: all. */
  readonly cases?: readonly string[];
};

const ROOT = fileURLToPath(new URL('../../../.runtimes', import.meta.url));
const here = `${platform()}-${arch()}`;
const machine = arch() === 'arm64' ? 'aarch64' : 'x86_64';
const target = `${machine}-${platform() === 'darwin' ? 'apple-darwin' : 'unknown-linux-musl'}`;

const KILO = {
  package: '@kilocode/cli@7.7.7',
  folder: 'kilo',
  binary: `@kilocode/cli-${here}/bin/kilo`,
  // After a connection broke it looks whether there is a network at all.
  mayAsk: /^(kilo\.ai|example\.com|cloudflare\.com):443$/,
} as const;

/** Kilo with its own gateway differs in what it asks that, and in nothing else. */
const OF_GATEWAYS: readonly string[] = [
  ...['good work', 'no credential', '401', '402', '429', '500', 'model missing', 'hang', 'stall'],
  ...['bead to merge', 'wrong key'],
];

export const RUNTIMES: readonly Runtime[] = [
  { name: 'kilo', driver: 'kilo', api: 'openai-chat', ...KILO },
  { name: 'kilo gateway', driver: 'kilo', api: 'kilo', cases: OF_GATEWAYS, ...KILO },
  {
    name: 'opencode',
    driver: 'opencode',
    package: 'opencode-ai@1.18.33',
    folder: 'opencode',
    binary: `opencode-${here}/bin/opencode`,
    api: 'openai-chat',
    // For a package that its plugins may want.
    mayAsk: /^registry\.npmjs\.org:/,
  },
  {
    name: 'claude',
    driver: 'claude',
    package: '@anthropic-ai/claude-code@2.1.329',
    folder: 'claude',
    binary: '@anthropic-ai/claude-code/bin/claude.exe',
    api: 'anthropic',
  },
  {
    name: 'codex',
    driver: 'codex',
    package: '@openai/codex@0.169.0',
    folder: 'codex',
    binary: `@openai/codex-${here}/vendor/${target}/bin/codex`,
    api: 'openai-responses',
  },
  { name: 'acp', driver: 'acp', api: 'openai-chat', ...KILO },
];

/** Installs the runtime where it is not there yet. Returns the program, or null with a reason on standard error. */
export function install(runtime: Runtime): string | null {
  const folder = join(ROOT, runtime.folder);
  const binary = join(folder, 'node_modules', runtime.binary);
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(ROOT, '.gitignore'), '*\n');
    const flags = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-save', runtime.package];
    try {
      execFileSync('npm', flags, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    } catch {
      return null;
    }
  }
  return existsSync(binary) ? binary : null;
}

export type ProfileParts = {
  readonly url: string;
  readonly key: string | null;
  readonly model: string;
  readonly permissions: Profile['permissions'];
};

/** Patience for tests: short, and one retry. */
const limits = { silenceMs: 60_000, toolMs: 600_000, continuationsMax: 1, retriesMax: 1 } as const;

export function profileOf(runtime: Runtime, program: string, parts: ProfileParts): Profile {
  const url = runtime.api === 'anthropic' || runtime.api === 'kilo' ? parts.url : `${parts.url}/v1`;
  const { permissions } = parts;
  const plain = { driver: runtime.driver, mode: null, arguments: [], permissions, limits } as const;
  const none = { environment: {}, settings: {} };
  if (runtime.name !== 'acp') {
    const gateway = { api: runtime.api, url, key: parts.key };
    return { ...plain, ...none, program: [program], model: parts.model, gateway };
  }
  const environment = { ...KILO_AT_HOME, KILO_CONFIG_CONTENT: JSON.stringify(acpSettings(url, parts)) };
  return { ...plain, ...none, program: [program, 'acp'], model: null, gateway: null, environment };
}

/** What an agent over ACP is told in its own way: no retries beyond one, and no word to other hosts. */
const KILO_AT_HOME = {
  KILO_SESSION_RETRY_LIMIT: '1',
  KILO_DISABLE_MODELS_FETCH: '1',
  KILO_DISABLE_SESSION_INGEST: '1',
  KILO_TELEMETRY_LEVEL: 'off',
} as const;

/** An agent over ACP gets its settings in its own way: here it is kilo, which takes them from its environment. */
function acpSettings(baseURL: string, { key, model, permissions }: ProfileParts): object {
  const options = { baseURL, apiKey: key ?? 'none' };
  const models = { [model]: { name: model, tool_call: true, limit: { context: 128_000, output: 16_000 } } };
  const gateway = { npm: '@ai-sdk/openai-compatible', name: 'Gateway', options, models };
  const chosen = `gateway/${model}`;
  return {
    autoupdate: false,
    share: 'disabled',
    model: chosen,
    small_model: chosen,
    enabled_providers: ['gateway'],
    provider: { gateway },
    permission: { '*': 'allow', question: 'deny', external_directory: 'deny', bash: permissions },
  };
}

export const GOOD: Omit<ProfileParts, 'url'> = { key: GOOD_KEY, model: MODEL, permissions: 'allow' };
