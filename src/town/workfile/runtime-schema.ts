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
    url: z.url({ protocol: /^https?$/, error: 'is no address — write https://gateway.example/v1' }).max(2_048),
  }),
);

/** `kilo=https://…`, or the address alone. */
function gatewayIn(text: string): unknown {
  const [, api, url] = /^([a-z-]+)=(.*)$/.exec(text) ?? [];
  return api === undefined ? { url: text } : { api, url };
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
  settings: z.record(z.string(), z.unknown()).optional(),
  args: z.array(words(4_096)).max(ARGUMENTS_MAX).optional(),
});

/** A runtime as it is stored. */
export function toRuntime({ settings, ...runtime }: z.output<typeof Runtime>): RigRuntime {
  return { ...runtime, ...(settings && { settings: settings as JsonObject }) };
}
