/** What may be said of an agent runtime, in a work file, over HTTP and on the command line. */
import { z } from 'zod';
import { withUnits } from '../../../machines/durations.ts';
import type { RigRuntime } from '../../../machines/vocabulary.ts';
import type { JsonObject } from '../../core/types.ts';

/** Where a secret is kept; never what it is. */
export const REFERENCE = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:[^\0\r\n]+)$/;
export const referenceRule =
  'is no reference to a secret (its value is not shown) — write env:NAME or file:/absolute/path';

const DAY_MS = 86_400_000;
const TIMES_MAX = 100;
const ARGUMENTS_MAX = 256;

const drivers = ['kilo', 'opencode', 'acp', 'claude', 'codex'] as const;
const apis = ['openai-chat', 'openai-responses', 'anthropic', 'kilo'] as const;

const words = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => !/\p{Cc}/u.test(value), { error: 'has a control character — remove it' });
const time = () => withUnits(z.number().int().min(1).max(DAY_MS), 'ms').optional();
const times = () => z.number().int().min(0).max(TIMES_MAX).optional();

const Gateway = z.preprocess(
  (written) => (typeof written === 'string' ? gatewayIn(written) : written),
  z.strictObject({
    api: z.enum(apis, { error: `is no API — use ${apis.join(', ')}` }).optional(),
    url: z
      .url({ protocol: /^https?$/, error: 'is no address — write https://gateway.example/v1' })
      .max(2_048)
      .refine(hasNoLogin, { error: 'holds a user or a password (not shown) — give the key by reference: key' }),
  }),
);

/** An address is shown to everybody who looks at the town. */
function hasNoLogin(text: string): boolean {
  const url = URL.parse(text);
  return url === null || (url.username === '' && url.password === '');
}

/** `kilo=https://…`, or the address alone. */
function gatewayIn(text: string): unknown {
  const [, api, url] = /^([a-z-]+)=(.*)$/.exec(text) ?? [];
  return api === undefined ? { url: text } : { api, url };
}

/** What runtimes call a secret in their configuration. */
const SECRET_NAME = /^(x-)?(api[-_]?key|(access|auth|bearer)?[-_]?token|(client[-_]?)?secret|password|authorization)$/i;
/** The runtime fills it in itself, from a variable or a file. */
const FILLED_IN = /\{(env|file):[^}]+\}/;

/** Settings are stored, shown, and an argument of the run: names of secrets may be there, their values not. */
function hasNoSecret(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, inner]) => {
    const isSecret = typeof inner === 'string' && SECRET_NAME.test(name) && !FILLED_IN.test(inner);
    return !isSecret && hasNoSecret(inner);
  });
}

/** How an agent runtime is used. Unknown keys are refused. */
export const Runtime = z.strictObject({
  driver: z.enum(drivers).optional(),
  program: words(4_096).optional(),
  model: words(512).optional(),
  gateway: Gateway.optional(),
  key: z.string().regex(REFERENCE, { error: referenceRule }).optional(),
  mode: words(255).optional(),
  permissions: z.enum(['allow', 'deny', 'ask']).optional(),
  silenceMs: time(),
  toolMs: time(),
  continuations: times(),
  retries: times(),
  settings: z
    .record(z.string(), z.unknown())
    .refine(hasNoSecret, {
      error: 'hold a secret (not shown) — write {env:NAME}, and name it in the secrets of the rig',
    })
    .optional(),
  args: z.array(words(4_096)).max(ARGUMENTS_MAX).optional(),
});

/** A runtime as it is stored. */
export function toRuntime({ settings, ...runtime }: z.output<typeof Runtime>): RigRuntime {
  return { ...runtime, ...(settings && { settings: settings as JsonObject }) };
}
