/**
 * The calls of runs as tools of the Model Context Protocol. Without sessions: each request is answered by a server of
 * its
 * own, so an agent that was connected before the town was restarted goes on without connecting again.
 */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import * as streamable from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { coerceError } from '../core/errors.ts';
import type { Caller, Desk } from './caller.ts';
import { calls } from './calls.ts';

type Place = { readonly caller: Caller; readonly desk: Desk };

/** Answers one POST of the protocol, whose body was read and parsed already. */
export function createMcpAnswerer({ version }: { version: string }) {
  return async (request: Request, body: unknown, place: Place): Promise<Response> => {
    const server = serverFor(version, place);
    const transport = new streamable.WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    await server.connect(transport);
    try {
      return await transport.handleRequest(request, { parsedBody: body });
    } finally {
      await server.close();
    }
  };
}

function serverFor(version: string, { caller, desk }: Place): McpServer {
  const server = new McpServer({ name: 'yardmaster', version });
  for (const [name, { description, input, answer }] of Object.entries(calls)) {
    server.registerTool(name, { description, inputSchema: input.shape }, async (given: unknown) => {
      try {
        return { content: [{ type: 'text', text: (await answer(given, caller, desk)).answer }] };
      } catch (thrown) {
        // An agent is told in words what it can do about it; the protocol itself did not fail.
        return { content: [{ type: 'text', text: desk.town.mask(coerceError(thrown).message) }], isError: true };
      }
    });
  }
  return server;
}
