/**
 * A conversation with a runtime that starts anew for each turn and finds its session on disk. Whether there is one
 * to resume shows only when it is tried.
 */
import type { Conversation, TurnEnd } from './conversation.ts';
import type { DriverHost, SpawnOrder } from './host.ts';
import type { RunRequest } from './port.ts';
import { type ProcessTurn, startTurn, type TurnReader } from './process-turn.ts';
import { firstPrompt } from './prompts.ts';
import type { Watch } from './watch.ts';

/** A reader that also finds out whether there was no session to resume. */
export interface SessionReader extends TurnReader {
  readonly unknownSession: boolean;
}

export type ProcessRuntime = {
  /** The process of one turn; a null session begins a new one. */
  readonly order: (session: string | null, prompt: string) => SpawnOrder;
  /** `found` is told the session's id when the runtime names it. */
  readonly reader: (found: (session: string) => void) => SessionReader;
};

export function openProcessConversation(
  request: RunRequest,
  runtime: ProcessRuntime,
  rest: { host: DriverHost; watch: Watch; session: string | null },
): Conversation {
  let session = rest.session;
  let running: ProcessTurn | null = null;
  let told: string | null = null;
  const found = (id: string) => {
    session = id;
    if (told !== id) rest.watch.emit({ kind: 'session', id });
    told = id;
  };
  const one = async (prompt: string): Promise<{ end: TurnEnd; unknown: boolean }> => {
    const reader = runtime.reader(found);
    const turn = startTurn(runtime.order(session, prompt), reader, rest);
    running = turn;
    const end = await turn.ended.finally(() => {
      running = null;
    });
    return { end, unknown: reader.unknownSession };
  };
  return {
    get session() {
      return session;
    },
    resumed: session !== null,
    async turn(prompt) {
      const tried = session;
      const { end, unknown } = await one(prompt);
      if (!unknown || tried === null) return end;
      rest.watch.note(`there is no session ${tried} to resume: beginning a new one`);
      session = null;
      return (await one(firstPrompt(request, false))).end;
    },
    abort: async () => running?.abort(),
    close: async () => running?.abort(),
  };
}
