/** The driver of both servers: start or take up a server, open the session, converse. */
import { converse, type Opener } from '../conversation.ts';
import type { Driver } from '../driver.ts';
import { endProcess } from '../process-turn.ts';
import { probeRuntime } from '../readiness.ts';
import { findAttachment } from './attachment.ts';
import { ServeClient } from './client.ts';
import type { Flavour } from './flavour.ts';
import { startServer } from './server.ts';
import { openSession } from './session.ts';

export function createServeDriver(flavour: Flavour): Driver {
  return {
    name: flavour.name,
    probe: (profile, host) => probeRuntime(profile, host, { version: flavour.versionMin, apis: flavour.apis }),
    run(request, host, signal) {
      const open: Opener = async (session, watch, stop) => {
        const kept = await findAttachment(host, request);
        if (kept !== null) {
          host.log('taking up the server that an earlier supervisor of this run started');
          const server = { address: kept, client: new ServeClient(host, kept, request.directory), process: null };
          const running = kept.promptId === '' ? null : kept.promptId;
          return openSession({ request, host, watch, server }, { session: kept.session, running });
        }
        const server = await startServer(request, flavour, { host, watch, signal: stop });
        try {
          return await openSession({ request, host, watch, server }, { session, running: null });
        } catch (thrown) {
          if (server.process !== null) await endProcess(host, server.process);
          throw thrown;
        }
      };
      return converse(request, host, { signal, open });
    },
  };
}
