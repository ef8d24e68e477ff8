/** The API on a socket: where it listens, what it tolerates of clients, and how it ends. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Refused } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import type { Town } from '../town/api.ts';
import { createApp } from './app.ts';
import type { Rate } from './limiter.ts';

export type ServeOptions = {
  readonly operatorToken: string;
  readonly env: Env;
  /** Of this program. */
  readonly version: string;
  /** The loopback by default. Any other one needs `allowedHosts`. */
  readonly host?: string;
  /** 4680 by default; 0: any that is free. */
  readonly port?: number;
  /** More names that the server is reached by, with their ports: `town.example:4680`. */
  readonly allowedHosts?: readonly string[];
  /** Requests of each caller. */
  readonly rate?: Rate;
};

export type Served = {
  /** Without a slash at its end. */
  readonly url: string;
  /** Ends the streams, lets answers go out, and resolves when no connection is left. */
  close(): Promise<void>;
};

const PORT = 4_680;
const CONNECTIONS_MAX = 256;
const CLOSE_GRACE_MS = 1_000;
const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);
const tolerance = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};

/**
 * Serves the API of a town and tells the town where.
 * Refused `busy` when the port is taken, `invalid` for an address that is not the loopback without `allowedHosts`.
 */
export async function serveTown(town: Town, options: ServeOptions): Promise<Served> {
  const { host = '127.0.0.1', port = PORT, env } = options;
  const more = (options.allowedHosts ?? []).map((name) => name.toLowerCase());
  if (!loopback.has(host) && more.length === 0) {
    throw new Refused(
      'invalid',
      `${host} is open to other machines: name the hosts that it is reached by (allowedHosts)`,
    );
  }
  const closing = new AbortController();
  const allowedHosts = new Set(more);
  const app = createApp(town, { ...options, allowedHosts, closing: closing.signal });
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: tolerance }) as Server;
  server.maxConnections = CONNECTIONS_MAX;
  const bound = await listen(server, { host, port });
  for (const name of ['127.0.0.1', '[::1]', 'localhost', bracketed(host)]) allowedHosts.add(`${name}:${bound.port}`);
  const url = `http://${bracketed(host)}:${bound.port}`;
  town.setApiUrl(url);
  return {
    url,
    close: async () => {
      town.setApiUrl(null);
      closing.abort();
      await closeServer(server, env);
    },
  };
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host.toLowerCase();
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      reject(new Refused('busy', `port ${port} of ${host} is taken: choose another one, or 0 for any`, { port }));
    });
    server.listen({ host, port }, () => resolve(server.address() as AddressInfo));
  });
}

function closeServer(server: Server, { clock }: Env): Promise<void> {
  return new Promise((resolve) => {
    const alarm = clock.at(clock.now() + CLOSE_GRACE_MS, () => server.closeAllConnections());
    server.close(() => {
      alarm.cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}
