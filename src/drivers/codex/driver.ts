/** Codex without its screen: one `codex exec` for each turn. */
import { converse } from '../conversation.ts';
import type { Driver } from '../driver.ts';
import { openProcessConversation } from '../process-conversation.ts';
import { probeRuntime } from '../readiness.ts';
import { CodexReader, type Spent } from './reader.ts';
import { codexOrder } from './settings.ts';

export const codex: Driver = {
  name: 'codex',
  probe: (profile, host) => probeRuntime(profile, host, { version: '0.160.0', apis: ['openai-responses'] }),
  run(request, host, signal) {
    const spent: Spent = { tokens: 0 };
    return converse(request, host, {
      signal,
      open: async (session, watch) => {
        const order = (earlier: string | null, prompt: string) =>
          codexOrder(request, host, { session: earlier, prompt });
        const runtime = { order, reader: (found: (id: string) => void) => new CodexReader({ watch, spent, found }) };
        return openProcessConversation(request, runtime, { host, watch, session });
      },
    });
  },
};
