/** Opencode: `opencode serve`. */
import type { Driver } from '../driver.ts';
import { createServeDriver } from '../serve/driver.ts';

export const opencode: Driver = createServeDriver({
  name: 'opencode',
  prefix: 'OPENCODE',
  versionMin: '1.18.0',
  apis: ['openai-chat', 'anthropic'],
  environment: () => ({}),
});
