/**
 * The inspector as a Hono app, for any engine: `app.route('/inspector', inspector(engine))`. It works under any path,
 * asks nothing of the network, and only looks, until the host gives the access `operate`.
 */
import { Hono } from 'hono';
import { Refused } from '../core/errors.ts';
import { Problems } from '../http/problems.ts';
import { type EngineSourceOptions, engineSource, type InspectableEngine } from './engine-source.ts';
import { Answers, logQueryOf } from './http/answers.ts';
import { chartRoute } from './http/chart-file.ts';
import { commandRoutes } from './http/commands.ts';
import { type Gatekeeping, type InspectorApp, type InspectorEnv, type Parts, pathOf } from './http/context.ts';
import { growingRoute } from './http/growing.ts';
import { createGuard, requireRead } from './http/guard.ts';
import { pageRoutes } from './http/pages.ts';
import { streamRoute } from './http/stream.ts';
import { Inspection } from './project/inspection.ts';
import { logFile } from './project/log.ts';
import type { InspectorSource } from './source.ts';

export type InspectorOptions = EngineSourceOptions &
  Gatekeeping & { /** Ends streams. */ readonly closing?: AbortSignal };

/**
 * The inspector of an engine that has started. `machines` describes what the charts do not say: labels, titles and
 * actions.
 * `access` is what callers may do: `read` for everybody by default, on this machine's loopback only (see `hosts`).
 */
export function inspector(engine: InspectableEngine, options: InspectorOptions = {}): InspectorApp {
  return mountInspector(engineSource(engine, options), options);
}

/** The inspector of any host. */
export function mountInspector(
  source: InspectorSource,
  options: Gatekeeping & { readonly closing?: AbortSignal } = {},
): InspectorApp {
  const inspection = new Inspection(source);
  const closing = options.closing ?? new AbortController().signal;
  const parts: Parts = { inspection, gatekeeping: options, closing };
  const answers = new Answers(inspection);
  const problems = new Problems({ env: source.env, mask: source.mask });
  const app: InspectorApp = new Hono<InspectorEnv>();
  app.use('*', createGuard(problems, options));
  streamRoute(app, parts);
  growingRoute(app, parts);
  chartRoute(app, inspection);
  commandRoutes(app, inspection);
  apiRoutes(app, inspection, answers);
  pageRoutes(app, { ...parts, answers });
  app.onError((thrown, context) => problems.answerThrown(context, thrown));
  return app;
}

function apiRoutes(app: InspectorApp, inspection: Inspection, answers: Answers): void {
  app.get('/api/log.jsonl', (context) => {
    requireRead(context);
    context.header('Content-Type', 'application/jsonl; charset=utf-8');
    context.header('Content-Disposition', 'attachment; filename="log.jsonl"');
    const lines = logFile(inspection, logQueryOf(new URL(context.req.url).searchParams));
    return context.body(streamOf(lines));
  });
  app.get('/api/*', async (context) => {
    requireRead(context);
    const { search } = new URL(context.req.url);
    const path = pathOf(context).slice('/api/'.length);
    return context.json((await answers.answer(`${path}${search}`, { access: context.get('access') })) as object);
  });
  app.all('/api/*', () => {
    throw new Refused('not_found', 'there is no such command of the inspector');
  });
}

/** A page of the file at a time, as fast as it is read. */
function streamOf(lines: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await lines.return(undefined)),
  });
}
