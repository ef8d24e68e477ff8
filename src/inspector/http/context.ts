/** What a request of the inspector carries from its guard to its route. */

import type { Context, Hono, MiddlewareHandler } from 'hono';
import { basePath } from 'hono/route';
import type { Access } from '../contract.ts';
import type { Inspection } from '../project/inspection.ts';
import type { Sessions } from './session.ts';

export type InspectorEnv = { Variables: { access: Access; by: string } };
export type InspectorContext = Context<InspectorEnv>;
export type InspectorMiddleware = MiddlewareHandler<InspectorEnv>;
export type InspectorApp = Hono<InspectorEnv>;

/** What the host decides about requests. */
export type Gatekeeping = {
  /** What the caller may do: `read` for everybody when absent. */
  readonly access?: Access | ((request: Request) => Access | Promise<Access>);
  /** The name under which what the caller does stands in the log: `operator:inspector` when absent. */
  readonly user?: (request: Request) => string | undefined;
  /**
   * Values of `Host` that are answered, in small letters, with the port where there is one. Absent: names of this
   * machine's loopback. A page of another site whose name was made to point here is turned away by it.
   */
  readonly hosts?: ReadonlySet<string>;
  /** Turns a link into a session, where the host hands out links. */
  readonly sessions?: Sessions;
};

export type Parts = {
  readonly inspection: Inspection;
  readonly gatekeeping: Gatekeeping;
  /** Aborts when the host closes: streams end. */
  readonly closing: AbortSignal;
};

/** Where the inspector is mounted, without a slash at its end. */
export function baseOf(context: InspectorContext): string {
  return basePath(context).replace(/\/+\*?$/, '');
}

/** The rest of the address, with a leading slash. */
export function pathOf(context: InspectorContext): string {
  return context.req.path.slice(baseOf(context).length) || '/';
}
