/** The inspector of a town, beside its API: who may open it, and the link that lets a person in. */
import type { Server } from 'node:http';
import { Hono } from 'hono';
import type { Env } from '../env/env.ts';
import { attachInspectionSockets } from '../inspector/bridges/sockets.ts';
import type { Access } from '../inspector/contract.ts';
import { createSessions, type Sessions } from '../inspector/http/session.ts';
import { mountInspector } from '../inspector/mount.ts';
import type { GrowingText, InspectorSource, Subject } from '../inspector/source.ts';
import type { Town } from '../town/api.ts';
import { outputLabel } from '../town/inspection/agents.ts';
import { isSameText } from './gates.ts';
import { openOutputFeed } from './output/output-feed.ts';
import { RunTails } from './output/run-tail.ts';
import { localHosts, openSocket } from './socket.ts';

const LOOPBACK = '127.0.0.1';
/** What of a run's output is there when its page is opened. */
const TAIL_BYTES = 64 * 1024;
/** 256 bits. */
const SECRET_DIGITS = 64;

/** Where the pages begin. */
export const INSPECTOR = '/inspector';

export type TownInspectorOptions = {
  readonly operatorToken: string;
  readonly env: Env;
  readonly allowedHosts: ReadonlySet<string>;
  readonly closing: AbortSignal;
};

/** Whoever has a session or the operator's token may do everything; others see how to log in. */
export function townInspector(town: Town, options: TownInspectorOptions) {
  const { operatorToken, env, allowedHosts, closing } = options;
  const sessions = sessionsOf(operatorToken, env);
  return mountInspector(withOutput(town, env), { access: accessOf(options), sessions, hosts: allowedHosts, closing });
}

/** The town's pages, with what runs print as it comes. */
function withOutput(town: Town, env: Env): InspectorSource {
  const source = town.inspection();
  const tails = new RunTails(town, env);
  const growing = ({ ref, context }: Subject): GrowingText | null => {
    const epoch = Number(context.epoch);
    if (!(epoch > 0)) return null;
    const wish = { run: { agent: ref.id, epoch }, tailBytes: TAIL_BYTES, isRaw: false };
    const open: GrowingText['open'] = (from, onNews) => openOutputFeed(tails, { ...wish, from }, onNews);
    return { label: outputLabel(epoch), open };
  };
  const descriptions = source.descriptions.map((description) => {
    return description.machine === 'agent' ? { ...description, growing } : description;
  });
  return { ...source, machines: source.machines, descriptions };
}

/** Lets the inspectors of XState watch the town over WebSockets, under the same conditions. */
export function attachTownSockets(server: Server, town: Town, options: TownInspectorOptions): void {
  const { allowedHosts, closing } = options;
  const gate = { access: accessOf(options), hosts: allowedHosts, base: INSPECTOR, closing };
  attachInspectionSockets(server, town.inspection(), gate);
}

function accessOf({ operatorToken, env }: Pick<TownInspectorOptions, 'operatorToken' | 'env'>) {
  const sessions = sessionsOf(operatorToken, env);
  return (request: Request): Access => {
    const token = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    const isOperator = token !== undefined && isSameText(token, operatorToken);
    return isOperator || sessions.isOpen(request) ? 'operate' : 'none';
  };
}

/** An address that lets a person in for 12 hours, if it is opened within 24. `url`: where the town is served. */
export function inspectorLink(url: string, { operatorToken, env }: { operatorToken: string; env: Env }): string {
  return `${url}${INSPECTOR}/login?key=${sessionsOf(operatorToken, env).linkToken()}`;
}

export type ServedInspector = {
  /** The address that lets a person in. */
  readonly link: string;
  close(): Promise<void>;
};

/** Serves the pages of a host that is only looked at, on this machine, to whoever has the link. */
export async function serveInspector(
  source: InspectorSource,
  { env, port }: { env: Env; port: number },
): Promise<ServedInspector> {
  const secret = env.hex(SECRET_DIGITS);
  const sessions = sessionsOf(secret, env);
  const hosts = new Set<string>();
  const closing = new AbortController();
  const app = new Hono();
  const access = (request: Request) => (sessions.isOpen(request) ? ('read' as const) : ('none' as const));
  app.route(INSPECTOR, mountInspector(source, { access, sessions, hosts, closing: closing.signal }));
  const socket = await openSocket(app.fetch, { host: LOOPBACK, port });
  for (const name of localHosts(LOOPBACK, socket.port)) hosts.add(name);
  return {
    link: inspectorLink(`http://${LOOPBACK}:${socket.port}`, { operatorToken: secret, env }),
    close: () => {
      closing.abort();
      return socket.close(env);
    },
  };
}

function sessionsOf(secret: string, { clock }: Env): Sessions {
  return createSessions({ secret, clock });
}
