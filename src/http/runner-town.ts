/** A town as its runners' hub knows it. */
import type { JsonObject } from '../core/types.ts';
import type { DepotPlace } from '../runners/depot.ts';
import type { RunnerTown } from '../runners/hub.ts';
import type { Town } from '../town/api.ts';

/** States of a container in which there is nothing to drain. */
const isOver = /^(absent|provisioning|down|broken|stopping)/;

export function runnerTown(town: Town): RunnerTown {
  const stateOf = (id: string) => town.get({ machine: 'container', id })?.state ?? 'absent';
  const tell = (id: string, type: string, reason: string) =>
    town.send({ machine: 'container', id }, { type }, { by: `runner/${id}`, reason });
  return {
    name: town.name,
    heartbeatMs: () => town.policy().heartbeatMs,
    host: (container, place) => town.host(container, place),
    repository: (rig) => repositoryOf(town, rig),
    latest: (agent) => {
      const view = town.get({ machine: 'agent', id: agent });
      const { epoch, container, rig } = view?.context ?? {};
      if (typeof epoch !== 'number' || typeof container !== 'string' || typeof rig !== 'string') return null;
      return { epoch, container, rig, isWorking: view?.state === 'working' };
    },
    attempt: (bead, epoch) => {
      const ref = { machine: 'bead', id: bead };
      const rig = town.get(ref)?.context.rig;
      const container = town.attempts(ref).find((attempt) => attempt.epoch === epoch)?.container;
      return typeof rig === 'string' && typeof container === 'string' ? { rig, container } : null;
    },
    welcome: async (id) => {
      if (stateOf(id) === 'draining') await tell(id, 'RESET', 'the runner was started again');
    },
    drain: async (id, now) => {
      if (!isOver.test(stateOf(id)) && stateOf(id) !== 'draining')
        await tell(id, 'DRAIN', 'the runner was told to end');
      if (now && stateOf(id) === 'draining') await tell(id, 'CLOSE', 'the runner ends what still runs');
    },
  };
}

function repositoryOf(town: Town, rig: string): DepotPlace | null {
  const { path, branch } = (town.get({ machine: 'rig', id: rig })?.context.config ?? {}) as JsonObject;
  return typeof path === 'string' && typeof branch === 'string' ? { path, targetBranch: branch } : null;
}
