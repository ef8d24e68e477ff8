/** The inspectors of XState over any engine, in one line beside the mounted pages. */
import type { Server } from 'node:http';
import { engineSource, type InspectableEngine } from '../engine-source.ts';
import type { InspectorOptions } from '../mount.ts';
import { attachInspectionSockets } from './sockets.ts';

export type InspectorSocketOptions = InspectorOptions & {
  /** Where the pages are mounted, without a slash at the end: `/inspector` when absent. */
  readonly base?: string;
};

/**
 * Lets the receivers of `@xstate/inspect` and `@statelyai/inspect` watch the engine at `<base>/xstate-inspect` and
 * `<base>/statelyai` of a server. The options mean what they mean for the pages; without `access` they only look.
 * Upgrades to other addresses are left to the server's other listeners, and refused when it has none.
 */
export function inspectorSockets(
  server: Server,
  engine: InspectableEngine,
  options: InspectorSocketOptions = {},
): void {
  const { base = '/inspector', access = 'read', hosts, closing = new AbortController().signal } = options;
  attachInspectionSockets(server, engineSource(engine, options), {
    access: typeof access === 'function' ? access : () => access,
    ...{ base, closing, ...(hosts && { hosts }) },
  });
}
