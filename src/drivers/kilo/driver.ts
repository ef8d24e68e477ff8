/** Kilo: `kilo serve`. */
import type { Driver } from '../driver.ts';
import { createServeDriver } from '../serve/driver.ts';

export const kilo: Driver = createServeDriver({
  name: 'kilo',
  prefix: 'KILO',
  versionMin: '7.7.2',
  apis: ['openai-chat', 'anthropic', 'kilo'],
  environment: (retriesMax) => ({
    KILO_SESSION_RETRY_LIMIT: String(retriesMax),
    KILO_DISABLE_SESSION_INGEST: '1',
    KILO_DISABLE_PRESENCE: '1',
    KILO_DISABLE_CODEBASE_INDEXING: '1',
    KILO_TELEMETRY_LEVEL: 'off',
    KILO_NO_DAEMON: '1',
  }),
});
