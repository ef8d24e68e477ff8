/** Before every request: security headers, the host that was meant, from where a browser asks, and who it is. */
import { Refused } from '../../core/errors.ts';
import type { Problem, Problems } from '../../http/problems.ts';
import type { Gatekeeping, InspectorContext, InspectorMiddleware } from './context.ts';

const DEFAULT_BY = 'operator:inspector';
const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; " +
  "frame-ancestors 'none'";
const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/;
/** The name stands in the log: short, one line. */
const NAME = /^[\x20-\x7e]{1,200}$/;

/** Judges every request before its route does anything. */
export function createGuard(problems: Problems, gatekeeping: Gatekeeping): InspectorMiddleware {
  return async (context, next) => {
    context.header('X-Content-Type-Options', 'nosniff');
    context.header('Referrer-Policy', 'no-referrer');
    context.header('Cache-Control', 'no-store');
    context.header('Content-Security-Policy', PAGE_POLICY);
    context.header('X-Frame-Options', 'DENY');
    const problem = judgeHost(context, gatekeeping) ?? judgeOrigin(context);
    if (problem) return problems.answer(context, problem);
    const { access = 'read', user } = gatekeeping;
    context.set('access', typeof access === 'function' ? await access(context.req.raw) : access);
    context.set('by', nameOf(user?.(context.req.raw)));
    return next();
  };
}

function nameOf(user: string | undefined): string {
  return user !== undefined && NAME.test(user) ? user : DEFAULT_BY;
}

/** `host` in small letters. Without `hosts`: the names of this machine's loopback. */
export function isOurHost(host: string, hosts: ReadonlySet<string> | undefined): boolean {
  return hosts ? hosts.has(host) : loopback.test(host);
}

function judgeHost(context: InspectorContext, { hosts }: Gatekeeping): Problem | null {
  const host = context.req.header('host')?.toLowerCase() ?? new URL(context.req.url).host;
  if (isOurHost(host, hosts)) return null;
  return { code: 'misdirected', detail: `${host} is not served here: the host names it in the option "hosts"` };
}

/** What changes something comes from our own pages, or with a token that no browser sends by itself. */
function judgeOrigin(context: InspectorContext): Problem | null {
  const { method } = context.req;
  if (method === 'GET' || method === 'HEAD') return null;
  const foreign: Problem = { code: 'forbidden', detail: 'only pages of this inspector may change something' };
  if (method !== 'POST') return { code: 'forbidden', detail: `${method} means nothing here` };
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    return { code: 'unsupported_media_type', detail: 'send the header "Content-Type: application/json"' };
  }
  const origin = context.req.header('origin');
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin') return foreign;
  if (origin === undefined) return context.req.header('authorization') === undefined ? foreign : null;
  const host = context.req.header('host')?.toLowerCase() ?? new URL(context.req.url).host;
  return hostOf(origin) === host ? null : foreign;
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

/** Throws Refused when the caller may not look. */
export function requireRead(context: InspectorContext): void {
  if (context.get('access') !== 'none') return;
  throw new Refused('unauthorized', 'log in first: open the link that the town printed, or run `yardmaster inspect`');
}

export function requireOperate(context: InspectorContext): void {
  requireRead(context);
  if (context.get('access') === 'operate') return;
  throw new Refused('forbidden', 'here one may look and change nothing: the host gives the access "operate"');
}
