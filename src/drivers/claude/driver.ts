/** Claude Code without its screen: one `claude -p` for each turn. */
import { converse } from '../conversation.ts';
import type { Driver } from '../driver.ts';
import { openProcessConversation } from '../process-conversation.ts';
import { probeRuntime } from '../readiness.ts';
import { ClaudeReader, type Spent } from './reader.ts';
import { claudeOrder } from './settings.ts';

export const claude: Driver = {
  name: 'claude',
  probe: (profile, host) => probeRuntime(profile, host, { version: '2.1.0', apis: ['anthropic'] }),
  run(request, host, signal) {
    const spent: Spent = { tokens: 0, costUsd: 0 };
    return converse(request, host, {
      signal,
      open: async (session, watch) => {
        const order = (earlier: string | null, prompt: string) =>
          claudeOrder(request, host, { session: earlier, prompt });
        const runtime = {
          order,
          reader: (found: (id: string) => void) => new ClaudeReader({ host, watch, spent, found }),
        };
        return openProcessConversation(request, runtime, { host, watch, session });
      },
    });
  },
};
