/**
 * The door to the street: which host was meant, from where a browser asks, and that no secret stands in an address.
 */
import { BUNDLE_TYPE } from '../runners/protocol.ts';
import type { ApiContext, ApiMiddleware } from './context.ts';
import { isSameText } from './gates.ts';
import type { Problem, Problems } from './problems.ts';

export type GuardOptions = {
  /** Values of `Host` that are ours, with the port, in small letters. */
  readonly allowedHosts: ReadonlySet<string>;
  readonly operatorToken: string;
};

const secretNames: ReadonlySet<string> = new Set([
  'token',
  'access_token',
  'auth',
  'authorization',
  'bearer',
  'api_key',
  'apikey',
]);
/** Where a runner brings home what a run left. */
const bundlePath = /\/runners\/[^/]+\/attempts\/[^/]+\/\d+\/bundle$/;
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Judges every request before anybody asks who it is from. */
export function createGuard(problems: Problems, options: GuardOptions): ApiMiddleware {
  return async (context, next) => {
    context.header('X-Content-Type-Options', 'nosniff');
    context.header('Cache-Control', 'no-store');
    context.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
    const problem =
      judgeHost(context, options) ?? judgeOrigin(context) ?? judgeAddress(context, options) ?? judgeType(context);
    return problem === null ? next() : problems.answer(context, problem);
  };
}

/** A page of another site whose name was made to point here still names its own host. */
function judgeHost(context: ApiContext, { allowedHosts }: GuardOptions): Problem | null {
  const host = context.req.header('host')?.toLowerCase();
  const isDoubled = (context.env?.incoming?.headersDistinct.host?.length ?? 1) > 1;
  const isOurs = host !== undefined && allowedHosts.has(host) && new URL(context.req.url).host === hostOf(host);
  if (isOurs && !isDoubled) return null;
  return { code: 'misdirected', detail: 'the Host header names no host of this town: use the address that it printed' };
}

/** As an address writes it: without the port that is understood. */
function hostOf(host: string): string {
  return host.replace(/:80$/, '');
}

function judgeOrigin(context: ApiContext): Problem | null {
  const { method } = context.req;
  const origin = context.req.header('origin');
  const site = context.req.header('sec-fetch-site');
  const isOwn = origin === undefined || origin === `http://${context.req.header('host')?.toLowerCase()}`;
  // Whoever follows a link from elsewhere brings no session along, and a bearer token neither.
  const isVisit = method === 'GET' && context.req.header('sec-fetch-mode') === 'navigate';
  const isNear = site === undefined || site === 'same-origin' || site === 'none' || isVisit;
  if (isOwn && isNear && method !== 'OPTIONS') return null;
  return { code: 'forbidden', detail: 'pages of other sites have no access: nothing is shared across origins' };
}

/** Addresses end up in logs and histories. */
function judgeAddress(context: ApiContext, { operatorToken }: GuardOptions): Problem | null {
  const isSecret = ([name, values]: [string, string[]]) =>
    secretNames.has(name.toLowerCase()) || values.some((value) => isSameText(value, operatorToken));
  if (!Object.entries(context.req.queries()).some(isSecret)) return null;
  return {
    code: 'malformed',
    detail: 'a token has no place in an address: send it as a bearer token in the header "Authorization"',
  };
}

/** What a page can send without asking first is never JSON. Without a body there is nothing to be of a type. */
function judgeType(context: ApiContext): Problem | null {
  if (safeMethods.has(context.req.method) || isBare(context)) return null;
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/json') return null;
  if (type === BUNDLE_TYPE && context.req.method === 'PUT' && bundlePath.test(context.req.path)) return null;
  return { code: 'unsupported_media_type', detail: 'send the header "Content-Type: application/json"' };
}

/** Neither a body nor a word about one. */
function isBare({ req }: ApiContext): boolean {
  const length = Number(req.header('content-length') ?? 0);
  return length === 0 && !req.header('transfer-encoding') && req.header('content-type') === undefined;
}
