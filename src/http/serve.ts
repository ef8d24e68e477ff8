/** A town's API and pages on a socket: where they listen, and how the town hears of it. */
import { Refused } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import type { LinePatience } from '../runners/line.ts';
import type { Town } from '../town/api.ts';
import { createApp } from './app.ts';
import { attachTownSockets } from './inspector.ts';
import type { Rate } from './limiter.ts';
import { bracketed, localHosts, openSocket } from './socket.ts';

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
  /** Where git is found, for the work of runners. Empty when absent. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** How long runners are waited for. */
  readonly patience?: LinePatience;
};

export type Served = {
  /** Without a slash at its end. */
  readonly url: string;
  /** Ends the streams, lets answers go out, and resolves when no connection is left. */
  close(): Promise<void>;
};

const PORT = 4_680;
const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);
const everywhere: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

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
  const socket = await openSocket(app.fetch, { host, port });
  for (const name of localHosts(host, socket.port)) allowedHosts.add(name);
  attachTownSockets(socket.server, town, { ...options, allowedHosts, closing: closing.signal });
  // An address that means all of a machine's is none that anybody can go to.
  const url = `http://${everywhere.has(host) ? '127.0.0.1' : bracketed(host)}:${socket.port}`;
  town.setApiUrl(url);
  return {
    url,
    close: async () => {
      town.setApiUrl(null);
      closing.abort();
      await socket.close(env);
    },
  };
}
