/**
 * A hub on a real socket with a runner in this process: a container that is reached over HTTP, with nothing of a town
 * behind it but what the hub asks for.
 */
import { join } from 'node:path';
import { OpenAPIHono } from '@hono/zod-openapi';
import { onTestFinished } from 'vitest';
import type { Container } from '../../src/agents/port.ts';
import type { ApiParts } from '../../src/http/api.ts';
import type { ApiEnv } from '../../src/http/context.ts';
import { refuseInvalid } from '../../src/http/explain.ts';
import { createGates } from '../../src/http/gates.ts';
import { Limiter } from '../../src/http/limiter.ts';
import { PREFIX } from '../../src/http/prefix.ts';
import { Problems } from '../../src/http/problems.ts';
import { runnerRoutes } from '../../src/http/routes/runners.ts';
import { openSocket } from '../../src/http/socket.ts';
import { type Runner, type RunnerOptions, startRunner } from '../../src/runners/hosting/runner.ts';
import { Hub, type RunnerTown } from '../../src/runners/hub.ts';
import type { LinePatience } from '../../src/runners/line.ts';
import type { Town } from '../../src/town/api.ts';
import { env, environment, folder } from '../agents/workshop.ts';

export const TOKEN = `ymh_${'t'.repeat(43)}`;

export type HubPlace = {
  readonly url: string;
  readonly hub: Hub;
  /** What the hub knows of its town; tests change it. */
  readonly town: RunnerTown & { told: string[] };
  /** The container that stands for a runner, as soon as that has registered. */
  hosted(): Promise<Container>;
  /** As a town that is killed: whoever waits for an answer gets none. */
  close(): Promise<void>;
};

type HubOptions = {
  readonly path: string;
  readonly heartbeatMs?: number;
  readonly patience?: LinePatience;
  readonly town?: Partial<RunnerTown>;
  readonly bundleBytesMax?: number;
  /** The port of a place that was closed: the town is there again. */
  readonly port?: number;
};

/** Serves a hub; its town has the one rig `rig`, and every attempt was placed on runner `b1`. */
export async function hubPlace({ path, heartbeatMs = 60_000, ...options }: HubOptions): Promise<HubPlace> {
  const arrivals: ((container: Container) => void)[] = [];
  let there: Container | null = null;
  const told: string[] = [];
  const town = {
    ...{ name: 'town', heartbeatMs: () => heartbeatMs, latest: () => null },
    host: async (container: Container) => {
      there = container;
      for (const arrive of arrivals.splice(0)) arrive(container);
    },
    repository: (rig: string) => (rig === 'rig' ? { path, targetBranch: 'main' } : null),
    attempt: () => ({ container: 'b1', rig: 'rig' }),
    welcome: async () => undefined,
    drain: async (id: string, now: boolean) => void told.push(`${id} drains${now ? ' now' : ''}`),
    ...options.town,
    told,
  };
  const { patience, bundleBytesMax } = options;
  const hub = new Hub({
    ...{ env, town, environment, folder: join(folder(), 'runners') },
    ...{ ...(patience && { patience }), ...(bundleBytesMax && { bundleBytesMax }) },
  });
  const { url, close } = await serve(hub, options.port ?? 0);
  onTestFinished(close);
  const hosted = () =>
    there ? Promise.resolve(there) : new Promise<Container>((resolve) => void arrivals.push(resolve));
  return { url, hub, town, hosted, close };
}

async function serve(hub: Hub, port: number): Promise<{ url: string; close: () => Promise<void> }> {
  const problems = new Problems({ env, mask: (text) => text });
  const isRunner = (_: string, token: string) => token === TOKEN;
  const town = { isRunner, list: () => ({ items: [], next: null }) } as unknown as Town;
  const limiter = new Limiter({ perSecond: 10_000, burst: 10_000 });
  const gates = createGates({ ...{ town, env, problems, limiter }, operatorToken: 'o'.repeat(43) });
  const closing = new AbortController();
  const api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw refuseInvalid(result.target, result.error, 'data' in result ? result.data : undefined);
    },
  });
  runnerRoutes(api, { gates, hub, env, closing: closing.signal } as ApiParts);
  const app = new OpenAPIHono<ApiEnv>();
  app.route(PREFIX, api);
  app.onError((thrown, context) => problems.answerThrown(context, thrown));
  const socket = await openSocket(app.fetch, { host: '127.0.0.1', port });
  const close = async () => {
    socket.server.closeAllConnections();
    hub.close();
    closing.abort();
    await socket.close(env);
  };
  return { url: `http://127.0.0.1:${socket.port}`, close };
}

export type RunnerPlace = {
  readonly runner: Runner;
  /** What it said, a line each. */
  readonly lines: string[];
  readonly directory: string;
  /** Where its container keeps runs. */
  readonly root: string;
};

/** A runner in this process; after the test its runs are ended. */
export async function runnerPlace(town: string, options: Partial<RunnerOptions> = {}): Promise<RunnerPlace> {
  const directory = options.directory ?? join(folder(), 'runner');
  const lines: string[] = [];
  const runner = await startRunner({
    ...{ env, environment, pid: process.pid, town, token: TOKEN, id: 'b1', labels: [], slots: null },
    ...{ version: 'test', drainMs: 0, graceMs: 100, tellMs: 5_000, say: (line: string) => void lines.push(line) },
    ...options,
    directory,
  });
  onTestFinished(async () => {
    runner.drain();
    await runner.ended.catch(() => undefined);
  });
  return { runner, lines, directory, root: join(directory, 'private', 'container') };
}
