/** What a command line without a gateway means: whose key it is, and where it is tried before the first run. */
import { expect, it } from 'vitest';
import { type DriveWords, profileOf } from '../../src/drive/profile.ts';
import type { DriverName } from '../../src/drivers/port.ts';

const words: DriveWords = {
  keyEnv: 'GATEWAY_KEY',
  permissions: 'allow',
  silenceMs: 60_000,
  toolMs: 600_000,
  continuations: 1,
  retries: 2,
  rest: [],
};

const of = (driver: DriverName, model: string, environment: Record<string, string> = { GATEWAY_KEY: 'sk-1' }) =>
  profileOf(driver, { ...words, model }, environment);

it.each([
  ['kilo', 'kilo/vendor/model', { KILO_API_KEY: 'sk-1' }],
  ['claude', 'sonnet', { ANTHROPIC_API_KEY: 'sk-1' }],
  ['codex', 'gpt-5', { CODEX_API_KEY: 'sk-1', OPENAI_API_KEY: 'sk-1' }],
  ['opencode', 'some-ai/model', { SOME_AI_API_KEY: 'sk-1' }],
] as const)('the key of %s with %s reaches it', (driver, model, variables) => {
  const { gateway, environment } = of(driver, model);
  if (gateway === null) expect(environment).toEqual(variables);
  else expect(gateway.key).toBe('sk-1');
});

it("a key for a model of kilo's is tried at kilo's own gateway, or where the environment says that it is", () => {
  expect(of('kilo', 'kilo/vendor/model').gateway).toEqual({ api: 'kilo', url: 'https://api.kilo.ai', key: 'sk-1' });
  expect(of('kilo', 'openai/model').gateway).toBeNull();
  expect(of('kilo', 'kilo/vendor/model', {}).gateway).toBeNull();
  const elsewhere = { GATEWAY_KEY: 'sk-1', KILO_API_URL: 'https://kilo.test' };
  expect(of('kilo', 'kilo/vendor/model', elsewhere).gateway?.url).toBe('https://kilo.test');
});
