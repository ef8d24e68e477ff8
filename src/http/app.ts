/**
 * The API put together: a guard before everything, a gate before each route, one border where failures become answers.
 */
import { join } from 'node:path';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Env } from '../env/env.ts';
import { Hub } from '../runners/hub.ts';
import type { LinePatience } from '../runners/line.ts';
import type { Town } from '../town/api.ts';
import type { Api, ApiParts } from './api.ts';
import type { ApiEnv } from './context.ts';
import { refuseInvalid } from './explain.ts';
import { createGates } from './gates.ts';
import { createGuard } from './guards.ts';
import { INSPECTOR, townInspector } from './inspector.ts';
import { Limiter, type Rate } from './limiter.ts';
import { openApiRoutes } from './openapi.ts';
import { PREFIX } from './prefix.ts';
import { Problems } from './problems.ts';
import { agentRoutes } from './routes/agents.ts';
import { beadRoutes } from './routes/beads.ts';
import { callRoutes } from './routes/calls.ts';
import { containerRoutes } from './routes/containers.ts';
import { entityRoutes, whyRoutes } from './routes/entities.ts';
import { healthRoutes } from './routes/health.ts';
import { logRoutes } from './routes/log.ts';
import { messageRoutes } from './routes/messages.ts';
import { metricRoutes } from './routes/metrics.ts';
import { outputRoutes } from './routes/output.ts';
import { rigRoutes } from './routes/rigs.ts';
import { runnerRoutes } from './routes/runners.ts';
import { streamRoutes } from './routes/stream.ts';
import { townRoutes } from './routes/town.ts';
import { runnerTown } from './runner-town.ts';

export type AppOptions = {
  /** Opens everything; at least 256 random bits. */
  readonly operatorToken: string;
  readonly env: Env;
  /** Values of `Host` that are ours, with the port, in small letters. May grow until the first request. */
  readonly allowedHosts: ReadonlySet<string>;
  /** Of this program, for the OpenAPI document. */
  readonly version: string;
  /** For each caller; 200 a second, 400 at once. */
  readonly rate?: Rate;
  /** Aborts when the server closes: streams end. */
  readonly closing?: AbortSignal;
  /** Where git is found: a runner's work comes home by it. Empty when absent. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** How long runners are waited for. */
  readonly patience?: LinePatience;
};

const defaultRate: Rate = { perSecond: 200, burst: 400 };

const routes = [
  beadRoutes,
  agentRoutes,
  outputRoutes,
  messageRoutes,
  callRoutes,
  containerRoutes,
  rigRoutes,
  runnerRoutes,
  townRoutes,
  entityRoutes,
  whyRoutes,
  logRoutes,
  streamRoutes,
  metricRoutes,
  healthRoutes,
  openApiRoutes,
];

/** The API of a town as a Hono app: `fetch` answers requests, with or without a server around it. */
export function createApp(town: Town, options: AppOptions): Api {
  const { env, operatorToken, allowedHosts, version, rate = defaultRate } = options;
  const problems = new Problems({ env, mask: (text) => town.mask(text) });
  const gates = createGates({ town, env, operatorToken, limiter: new Limiter(rate), problems });
  const closing = options.closing ?? new AbortController().signal;
  const hub = openHub(town, options, closing);
  const parts: ApiParts = { town, env, gates, hub, version, closing };

  const api: Api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw refuseInvalid(result.target, result.error, 'data' in result ? result.data : undefined);
    },
  });
  for (const add of routes) add(api, parts);

  const app: Api = new OpenAPIHono<ApiEnv>();
  app.use(createGuard(problems, { allowedHosts, operatorToken }));
  app.route(PREFIX, api);
  app.route(INSPECTOR, townInspector(town, { operatorToken, env, allowedHosts, closing }));
  app.get('/', (context) => context.redirect(`${INSPECTOR}/`));
  app.notFound((context) => {
    const detail = `${context.req.method} ${context.req.path} is no route of this API: see ${PREFIX}/openapi.json`;
    return problems.answer(context, { code: 'not_found', detail });
  });
  app.onError((thrown, context) => problems.answerThrown(context, thrown));
  return app;
}

/** The runners' side of the town; their polls end with the server. */
function openHub(town: Town, options: AppOptions, closing: AbortSignal): Hub {
  const { env, environment = {}, patience } = options;
  const folder = join(town.directory, 'runners');
  const hub = new Hub({ env, environment, folder, town: runnerTown(town), ...(patience && { patience }) });
  closing.addEventListener('abort', () => hub.close(), { once: true });
  return hub;
}
