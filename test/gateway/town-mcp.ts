/** A stand-in for the town's MCP server: the tool `done`, which notes who called it, behind a bearer token. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

export type TownMcp = {
  readonly url: string;
  /** The tokens of the runs that called `done`. */
  readonly done: ReadonlySet<string>;
  close(): Promise<void>;
};

/** Tokens begin with `run-`; every other one is refused. */
export async function startTownMcp(): Promise<TownMcp> {
  const done = new Set<string>();
  const server = createServer((request, response) => {
    handle(done, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    done,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(done: Set<string>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  if (!token.startsWith('run-')) return void response.writeHead(401).end();
  if (request.method !== 'POST') return void response.writeHead(405).end();
  const mcp = new McpServer({ name: 'town', version: '1.0.0' });
  mcp.registerTool(
    'done',
    { description: 'Tells the town that the work is done.', inputSchema: { summary: z.string() } },
    async () => {
      done.add(token);
      return { content: [{ type: 'text', text: 'Noted: the work is done.' }] };
    },
  );
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  response.on('close', () => {
    void transport.close();
    void mcp.close();
  });
  await mcp.connect(transport);
  await transport.handleRequest(request, response, await json(request));
}
