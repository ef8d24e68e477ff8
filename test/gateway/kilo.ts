/**
 * Kilo's own gateway, as far as `kilo serve` asks it before and beside its models' answers: the public list of models,
 * the defaults of a person or an organization, and who is asking.
 */
import { MODEL } from './replies.ts';

/** Of one token, USD. */
const PRICE = '0.000001';

const model = {
  id: MODEL,
  name: 'Yard 1',
  context_length: 128_000,
  architecture: { input_modalities: ['text'], output_modalities: ['text'] },
  top_provider: { max_completion_tokens: 16_000 },
  supported_parameters: ['tools', 'max_tokens', 'temperature'],
  pricing: { prompt: PRICE, completion: PRICE },
};

/** What the lists of models of the OpenAI API and of kilo's gateway both are. */
export const MODELS = { object: 'list', data: [{ object: 'model', ...model }] } as const;

const defaults = { defaultModel: MODEL, defaultFreeModel: MODEL };

const ANSWERS: readonly (readonly [RegExp, object])[] = [
  [/\/api\/(openrouter|organizations\/[^/]+)\/models$/, MODELS],
  [/\/api\/(organizations\/[^/]+\/)?defaults$/, defaults],
  [/\/api\/profile$/, { user: { name: 'Agent', email: 'agent@example.org' }, organizations: [] }],
  [/\/api\/profile\/balance$/, { balance: 10 }],
  [/\/api\/users\/notifications$/, { notifications: [] }],
];

/** The answer to what kilo asks without a model; null: it is no path of kilo's. */
export function answerOfKilo(path: string): object | null {
  return ANSWERS.find(([pattern]) => pattern.test(path))?.[1] ?? null;
}

/** Kilo's gateway lists its models for everybody; what a key is good for shows with the first call. */
export function isPublicOfKilo(path: string): boolean {
  return /\/api\/openrouter\/models$/.test(path);
}

/** Without a key kilo calls itself this. */
export const ANONYMOUS = 'anonymous';

/** The gateway's words to who asks for a paid model without one. */
export const paidModel = {
  error: { code: 'PAID_MODEL_AUTH_REQUIRED', message: 'You need to sign in to use this model.' },
} as const;
