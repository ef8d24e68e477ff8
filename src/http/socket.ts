/** An app on a socket of this machine: what it tolerates of clients, and how it ends. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Refused } from '../core/errors.ts';
import type { Env } from '../env/env.ts';

const CONNECTIONS_MAX = 256;
const CLOSE_GRACE_MS = 1_000;
const tolerance = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  // The work of a run may come over a slow line; all other bodies are small.
  requestTimeout: 300_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch'];
export type Socket = {
  readonly port: number;
  /** For upgrades to WebSockets. */
  readonly server: Server;
  /** Lets answers go out, and resolves when no connection is left. */
  close(env: Env): Promise<void>;
};

/** Refused `busy` when the port is taken. */
export async function openSocket(fetch: Fetch, at: { host: string; port: number }): Promise<Socket> {
  const server = createAdaptorServer({ fetch, serverOptions: tolerance }) as Server;
  server.maxConnections = CONNECTIONS_MAX;
  const { port } = await listen(server, at);
  return { port, server, close: (env) => closeServer(server, env) };
}

/** As an address has it: an IPv6 address in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host.toLowerCase();
}

/** The values of `Host` under which a server is reached on this machine. */
export function localHosts(host: string, port: number): readonly string[] {
  return ['127.0.0.1', '[::1]', 'localhost', bracketed(host)].map((name) => `${name}:${port}`);
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
