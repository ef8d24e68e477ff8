/**
 * Any agent that speaks the Agent Client Protocol on its standard input and output, such as `kilo acp`,
 * `claude-agent-acp`, `codex-acp` or `gemini --acp`. Each takes its key and its gateway in its own way: put them
 * into the environment of the profile.
 */
import { converse } from '../conversation.ts';
import type { Driver } from '../driver.ts';
import { probeRuntime } from '../readiness.ts';
import { openAcp } from './conversation.ts';

export const acp: Driver = {
  name: 'acp',
  probe(profile, host) {
    // The sub-command that speaks the protocol would wait for a client: the program alone says its version.
    return probeRuntime({ ...profile, program: profile.program.slice(0, 1) }, host, { version: null, apis: [] });
  },
  run(request, host, signal) {
    return converse(request, host, {
      signal,
      open: (session, watch, stop) => openAcp({ request, host, watch }, session, stop),
    });
  },
};
