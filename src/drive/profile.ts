/**
 * From the words of a command line to the profile of a runtime: defaults for each driver, and what is wrong in words.
 */
import { Refused } from '../core/errors.ts';
import type { JsonObject } from '../core/types.ts';
import { kiloProvider } from '../drivers/kilo/model.ts';
import type { DriverName, GatewayApi, Profile } from '../drivers/port.ts';

export type DriveWords = {
  readonly program?: string;
  readonly model?: string;
  /** `openai-chat=http://…`; the part before `=` may be left out where the driver has one of its own. */
  readonly gateway?: string;
  /** Variable that holds the gateway's key. */
  readonly keyEnv: string;
  readonly mode?: string;
  readonly permissions: 'allow' | 'deny' | 'ask';
  readonly silenceMs: number;
  readonly toolMs: number;
  readonly continuations: number;
  readonly retries: number;
  readonly settings?: JsonObject;
  readonly rest: readonly string[];
};

/** Where a key for a model of kilo's is tried before the first run, when nobody names another place. */
const KILO_GATEWAY = 'https://api.kilo.ai';

type Defaults = { readonly program: readonly string[]; readonly api: GatewayApi };

const defaults: Readonly<Record<DriverName, Defaults>> = {
  command: { program: [], api: 'openai-chat' },
  kilo: { program: ['kilo'], api: 'kilo' },
  opencode: { program: ['opencode'], api: 'openai-chat' },
  acp: { program: ['kilo', 'acp'], api: 'openai-chat' },
  claude: { program: ['claude'], api: 'anthropic' },
  codex: { program: ['codex'], api: 'openai-responses' },
};

/** Where a runtime looks for the key of the provider that it comes with. */
const ownKeys: Readonly<Record<DriverName, readonly string[]>> = {
  command: [],
  kilo: ['KILO_API_KEY'],
  opencode: [],
  acp: [],
  claude: ['ANTHROPIC_API_KEY'],
  codex: ['CODEX_API_KEY', 'OPENAI_API_KEY'],
};

const apis: readonly GatewayApi[] = ['openai-chat', 'openai-responses', 'anthropic', 'kilo'];

/**
 * The key comes from the run's environment, where the rig's secrets put it. Refused `invalid` for a gateway that is
 * none.
 */
export function profileOf(
  driver: DriverName,
  words: DriveWords,
  environment: Readonly<Record<string, string | undefined>>,
): Profile {
  const { program, api } = defaults[driver];
  const given = words.program?.split(' ').filter((part) => part !== '');
  const key = environment[words.keyEnv] ?? null;
  const isKilos = driver === 'kilo' && key !== null && words.model?.startsWith(`${kiloProvider}/`);
  const own = driver === 'kilo' ? (environment.KILO_API_URL ?? (isKilos ? KILO_GATEWAY : undefined)) : undefined;
  const gateway = words.gateway ?? own;
  return {
    driver,
    program: given ?? program,
    model: words.model ?? null,
    gateway: gateway === undefined ? null : { ...parseGateway(gateway, api), key },
    mode: words.mode ?? null,
    arguments: words.rest,
    permissions: words.permissions,
    environment: gateway === undefined && key !== null ? ownKey(driver, words.model, key) : {},
    settings: words.settings ?? {},
    limits: {
      silenceMs: words.silenceMs,
      toolMs: words.toolMs,
      continuationsMax: words.continuations,
      retriesMax: words.retries,
    },
  };
}

/** Without a gateway the key is for the runtime's own provider, or the one of the model: `openai/…`, OPENAI_API_KEY. */
function ownKey(driver: DriverName, model: string | undefined, key: string): Readonly<Record<string, string>> {
  const slash = model?.indexOf('/') ?? -1;
  const provider = model
    ?.slice(0, Math.max(slash, 0))
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_');
  const named = driver === 'opencode' && provider ? [`${provider}_API_KEY`] : ownKeys[driver];
  return Object.fromEntries(named.map((name) => [name, key]));
}

function parseGateway(text: string, fallback: GatewayApi): { api: GatewayApi; url: string } {
  const [, name, url = text] = /^([a-z-]+)=(.*)$/.exec(text) ?? [];
  const api = name === undefined ? fallback : apis.find((known) => known === name);
  if (api === undefined) throw new Refused('invalid', `--gateway: "${name}" is no API: use ${apis.join(', ')}`);
  if (!URL.canParse(url))
    throw new Refused('invalid', `--gateway: "${url}" is no address: write ${api}=http://host/v1`);
  return { api, url };
}
