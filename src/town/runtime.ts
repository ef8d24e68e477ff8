/**
 * What is started for a rig: its own command, or `yardmaster drive` with the runtime that rig and town describe. No
 * value of a secret is here: the key of a gateway goes to the run as a variable.
 */
import type { RigConfig, RigRuntime } from '../../machines/vocabulary.ts';
import type { AgentCommand, RigPlan } from '../agents/port.ts';
import { Refused } from '../core/errors.ts';

/** The variable that `yardmaster drive` reads the key of its gateway from. */
const KEY_VARIABLE = 'GATEWAY_KEY';
const DEFAULT_API = {
  ...{ kilo: 'kilo', opencode: 'openai-chat', acp: 'openai-chat', claude: 'anthropic', codex: 'openai-responses' },
} as const;

/** A runtime of which all that was left out has been filled in. */
export type WholeRuntime = RigRuntime & { readonly driver: NonNullable<RigRuntime['driver']> };

/** What a rig's runs are started with. */
export type Launch = {
  readonly command: AgentCommand;
  /** Variable → reference. */
  readonly secrets: Readonly<Record<string, string>>;
};

/**
 * The rig's runtime over the town's. Where they name different programs, only what fits any runtime is taken from the
 * town: permissions, times and counts. Null: the rig has a command of its own, or nobody named a runtime.
 */
export function runtimeOf({ argv, runtime: own }: RigConfig, shared: RigRuntime | null): WholeRuntime | null {
  if (argv.length > 0) return null;
  const driver = own?.driver ?? shared?.driver;
  if (driver === undefined) return null;
  const common = shared === null || shared.driver === driver || shared.driver === undefined ? shared : fitting(shared);
  return { ...common, ...defined(own ?? {}), ...settingsOf(common, own), driver };
}

function fitting({ permissions, silenceMs, toolMs, continuations, retries }: RigRuntime): RigRuntime {
  return defined({ permissions, silenceMs, toolMs, continuations, retries });
}

function settingsOf(common: RigRuntime | null, own: RigRuntime | undefined): Pick<RigRuntime, 'settings'> {
  const settings = { ...common?.settings, ...own?.settings };
  return Object.keys(settings).length === 0 ? {} : { settings };
}

function defined(runtime: RigRuntime): RigRuntime {
  return Object.fromEntries(Object.entries(runtime).filter(([, value]) => value !== undefined));
}

/** Refused `invalid` when there is neither a command nor a runtime. */
export function launchOf(config: RigConfig, shared: RigRuntime | null): Launch {
  const { argv, promptBy, secrets } = config;
  const runtime = runtimeOf(config, shared);
  if (runtime === null) {
    if (argv.length > 0) return { command: { argv, promptBy, ...ownProbe(argv) }, secrets };
    throw new Refused('invalid', 'the rig names neither a command (argv) nor a runtime: give it one of them');
  }
  const drive = driveArguments(runtime);
  const rest = runtime.args?.length ? ['--', ...runtime.args] : [];
  return {
    command: {
      ...{ argv: [...drive, ...rest], promptBy: 'stdin', probe: [...drive, '--probe', ...rest] },
      drives: runtime.program?.split(' ')[0] ?? programOf(runtime.driver),
    },
    secrets: runtime.key === undefined ? secrets : { ...secrets, [KEY_VARIABLE]: runtime.key },
  };
}

/** A command that drives a runtime can be asked as well. */
function ownProbe(argv: readonly string[]): Pick<AgentCommand, 'probe'> {
  const [program, verb, driver = ''] = argv;
  if (program !== 'yardmaster' || verb !== 'drive' || !(driver in DEFAULT_API)) return {};
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return { probe: [...argv.slice(0, end), '--probe', ...argv.slice(end)] };
}

function driveArguments(runtime: WholeRuntime): string[] {
  const { driver, program, model, gateway, mode, permissions, settings } = runtime;
  const { silenceMs, toolMs, continuations, retries } = runtime;
  const options = {
    ...{
      program,
      model,
      gateway: gateway && `${gateway.api ?? DEFAULT_API[driver]}=${gateway.url}`,
      mode,
      permissions,
    },
    silence: silenceMs === undefined ? undefined : `${silenceMs}ms`,
    'tool-time': toolMs === undefined ? undefined : `${toolMs}ms`,
    ...{ continuations, retries, settings: settings && JSON.stringify(settings) },
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return ['yardmaster', 'drive', driver, ...given.map(([name, value]) => `--${name}=${value}`)];
}

function programOf(driver: WholeRuntime['driver']): string {
  return driver === 'acp' ? 'kilo' : driver;
}

/** In a few words, for people: no secret, no settings. */
export function runtimeText({ driver, model, gateway, key }: WholeRuntime): string {
  const words = [
    driver,
    model,
    gateway && `over ${gateway.url}`,
    key && `with the key of ${key.startsWith('env:') ? key.slice('env:'.length) : key}`,
  ];
  return words.filter((word) => word !== undefined && word !== '').join(' ');
}

/**
 * What of a rig has to be there before a start. Refused `invalid` when there is neither a command nor a runtime, or
 * both.
 */
export function planOf(config: RigConfig, shared: RigRuntime | null): RigPlan {
  if (config.argv.length > 0 && config.runtime !== undefined) {
    throw new Refused('invalid', 'the rig names a command (argv) and a runtime: give it one of them');
  }
  const { path, branch, test } = config;
  const { command, secrets } = launchOf(config, shared);
  return { path, branch, test, secrets, argv: command.drives === undefined ? command.argv : [command.drives] };
}

/** What a rig's output must not show: all that it refers to. */
export function referencesOf(config: RigConfig, shared: RigRuntime | null): Readonly<Record<string, string>> {
  const key = runtimeOf(config, shared)?.key;
  return key === undefined ? config.secrets : { ...config.secrets, [KEY_VARIABLE]: key };
}
