/**
 * Who may open a WebSocket. Browsers let any page try, and send cookies along: so the host must be ours, and a page
 * of another origin must run on this machine and bring a token that no browser sends by itself.
 */
import type { IncomingMessage } from 'node:http';
import type { Access } from '../contract.ts';
import { isOurHost } from '../http/guard.ts';

export type SocketGate = {
  /** What the bearer of these headers may do. A token in the address arrives as the header `Authorization`. */
  readonly access: (request: Request) => Access | Promise<Access>;
  /** Values of `Host` that are ours, in small letters; the names of this machine's loopback when absent. */
  readonly hosts?: ReadonlySet<string>;
};

const LOOPBACK = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

/** What the caller may do, or the status that refuses it. */
export async function judge(request: IncomingMessage, url: URL, gate: SocketGate): Promise<Access | number> {
  const host = request.headers.host?.toLowerCase() ?? '';
  if (!isOurHost(host, gate.hosts)) return 421;
  const { origin } = request.headers;
  const token = url.searchParams.get('token');
  const isOwn = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
  if (!isOwn && !(token !== null && LOOPBACK.test(origin))) return 403;
  const headers = new Headers();
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) headers.set('authorization', authorization);
  if (cookie !== undefined && isOwn) headers.set('cookie', cookie);
  if (token !== null) headers.set('authorization', `Bearer ${token}`);
  url.searchParams.delete('token');
  return gate.access(new Request(url, { headers }));
}
