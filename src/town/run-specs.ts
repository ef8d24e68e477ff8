/** What a run is told, put together from the bead, its rig and its history at the moment of the start. */

import type { Policy } from '../../machines/policy.ts';
import type { RigConfig, RunParams } from '../../machines/vocabulary.ts';
import type { RunProfile, RunSpec } from '../agents/port.ts';
import type { Reads } from '../store/port.ts';
import { attemptsAbout } from './attempts.ts';
import type { Capabilities } from './capability.ts';
import { type HandoverParts, handoverOf } from './handover.ts';
import type { Parties } from './parties.ts';
import { promptOf } from './prompt.ts';
import { launchOf } from './runtime.ts';
import { sharedRuntime } from './settings.ts';

export interface RunSpecs {
  /** Rejects with Refused `invalid` for a rig that names nothing to be started. */
  of(run: RunParams): Promise<RunSpec>;
  /** What all runs of a rig have in common. Refused like `of`. */
  profileOf(rig: string): RunProfile;
}

type Parts = {
  readonly town: string;
  readonly reads: () => Reads;
  readonly parties: Parties;
  readonly policy: () => Policy;
  readonly capabilities: Capabilities;
  readonly apiUrl: () => string | null;
  readonly handovers: HandoverParts;
};

export function briefOf(reads: Reads, bead: string): string {
  const [brief] = reads.records({ kind: 'brief', id: bead, limit: 1 });
  return typeof brief?.body.body === 'string' ? brief.body.body : '';
}

/** Outcomes of attempts that never began. */
const NOT_STARTED = ['start_failed', 'rejected', 'deferred'];

export function createRunSpecs({ town, reads, parties, policy, capabilities, apiUrl, handovers }: Parts): RunSpecs {
  const shared = (rig: string, config: RigConfig): RunProfile => ({
    ...{ town, rig, repository: { path: config.path, targetBranch: config.branch } },
    ...{ ...launchOf(config, sharedRuntime(parties)), env: config.env },
    ...{ isolation: config.isolation, limits: config.limits },
  });
  return {
    profileOf: (rig) => shared(rig, parties.get('rig', rig).context.config),
    of: async ({ agent, bead, epoch }) => {
      const { context } = parties.get('bead', bead);
      const { config } = parties.get('rig', context.rig).context;
      const url = apiUrl();
      const past = attemptsAbout(reads(), { machine: 'bead', id: bead }, 50).filter((attempt) => attempt.epoch < epoch);
      const last = past.find((attempt) => !NOT_STARTED.includes(attempt.outcome ?? '')) ?? null;
      const { title, lesson } = context;
      const reports = url !== null;
      const repository = { path: config.path, targetBranch: config.branch };
      const handover = await handoverOf(handovers, { bead, epoch, repository, last, lesson, reports });
      const body = briefOf(reads(), bead);
      const prompt = promptOf({ bead, title, body, branch: config.branch, reports, handover });
      return {
        ...shared(context.rig, config),
        ...{ agent, bead, epoch, title, prompt, handover },
        env: { ...config.env, YARDMASTER_ATTEMPT: String(past.length + 1) },
        api: url === null ? null : { url, token: capabilities.token({ agent, epoch }) },
        previousBranch: last?.branch ?? null,
        graceMs: policy().graceMs,
      };
    },
  };
}
