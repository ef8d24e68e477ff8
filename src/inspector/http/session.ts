/**
 * Logins without a table: a link and a cookie carry their own expiry and are signed with a secret of the host, so they
 * outlive a restart and nothing about them is stored. Changing the secret ends all of them.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { EpochMs } from '../../core/types.ts';
import type { Clock } from '../../env/env.ts';

const HOUR_MS = 3_600_000;
const LINK_MS = 24 * HOUR_MS;
const SESSION_MS = 12 * HOUR_MS;

export type Sessions = {
  /** A token for a link, good for 24 hours. */
  readonly linkToken: () => string;
  /** The `Set-Cookie` header of a session of 12 hours for a link's token; null for a token that is none, or is old. */
  readonly open: (token: string, place: Place) => string | null;
  /** True when the request carries a session that is not over. */
  readonly isOpen: (request: Request) => boolean;
};

/** Where the inspector is mounted, and whether the connection is encrypted. */
export type Place = { readonly request: Request; readonly base: string };

/** `secret`: at least 256 random bits as text. Whoever has it can log in. */
export function createSessions({ secret, clock }: { secret: string; clock: Pick<Clock, 'now'> }): Sessions {
  const key = createHmac('sha256', secret).update('yardmaster inspector').digest();
  const sign = (what: 'link' | 'session', until: EpochMs) => {
    const expiry = until.toString(36);
    return `${expiry}.${createHmac('sha256', key).update(`${what}\n${expiry}`).digest('base64url')}`;
  };
  const isGood = (what: 'link' | 'session', token: string) => {
    const until = Number.parseInt(token.split('.')[0] ?? '', 36);
    return until > clock.now() && isSame(key, token, sign(what, until));
  };
  return {
    linkToken: () => sign('link', clock.now() + LINK_MS),
    open: (token, { request, base }) => {
      if (!isGood('link', token)) return null;
      const { protocol } = new URL(request.url);
      const session = sign('session', clock.now() + SESSION_MS);
      const attributes = [
        ...[`Path=${base || '/'}`, `Max-Age=${SESSION_MS / 1_000}`, 'HttpOnly', 'SameSite=Strict'],
        ...(protocol === 'https:' ? ['Secure'] : []),
      ];
      return `${cookieName(request)}=${session}; ${attributes.join('; ')}`;
    },
    isOpen: (request) => {
      const name = cookieName(request);
      return cookiesOf(request).some(([given, value]) => given === name && isGood('session', value));
    },
  };
}

/** Cookies know hosts and no ports: two towns on one machine must not end each other's sessions. */
function cookieName(request: Request): string {
  const { port, protocol } = new URL(request.url);
  return `yardmaster_${port || (protocol === 'https:' ? '443' : '80')}`;
}

export function cookiesOf(request: Request): readonly (readonly [string, string])[] {
  return (request.headers.get('cookie') ?? '').split(';').flatMap((part) => {
    const equals = part.indexOf('=');
    return equals < 0 ? [] : [[part.slice(0, equals).trim(), part.slice(equals + 1).trim()] as const];
  });
}

/** Both sides through one keyed hash: equal lengths, and nothing to learn from the time it takes. */
function isSame(key: Buffer, given: string, expected: string): boolean {
  const digest = (text: string) => createHmac('sha256', key).update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
