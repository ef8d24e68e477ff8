/** What a run is told, put together from the bead, its rig and its history at the moment of the start. */

import type { Policy } from '../../machines/policy.ts';
import type { RunParams } from '../../machines/vocabulary.ts';
import type { RunSpec } from '../agents/port.ts';
import type { Reads } from '../store/port.ts';
import { attemptsAbout } from './attempts.ts';
import type { Capabilities } from './capability.ts';
import type { Parties } from './parties.ts';
import { promptOf } from './prompt.ts';

export interface RunSpecs {
  of(run: RunParams): RunSpec;
}

type Parts = {
  readonly town: string;
  readonly reads: () => Reads;
  readonly parties: Parties;
  readonly policy: () => Policy;
  readonly capabilities: Capabilities;
  readonly apiUrl: () => string | null;
};

export function briefOf(reads: Reads, bead: string): string {
  const [brief] = reads.records({ kind: 'brief', id: bead, limit: 1 });
  return typeof brief?.body.body === 'string' ? brief.body.body : '';
}

export function createRunSpecs({ town, reads, parties, policy, capabilities, apiUrl }: Parts): RunSpecs {
  return {
    of: ({ agent, bead, epoch }) => {
      const { context } = parties.get('bead', bead);
      const { config } = parties.get('rig', context.rig).context;
      const url = apiUrl();
      const past = attemptsAbout(reads(), { machine: 'bead', id: bead }, 50).filter((attempt) => attempt.epoch < epoch);
      const last = past.find((attempt) => attempt.outcome !== 'start_failed') ?? null;
      const prompt = promptOf({
        bead,
        title: context.title,
        body: briefOf(reads(), bead),
        branch: config.branch,
        reports: url !== null,
        previous: last && { branch: last.branch, reason: context.lesson ?? last.reason },
      });
      return {
        ...{ town, agent, bead, epoch, rig: context.rig, title: context.title, prompt },
        repository: { path: config.path, targetBranch: config.branch },
        command: { argv: config.argv, promptBy: config.promptBy },
        env: { ...config.env, YARDMASTER_ATTEMPT: String(past.length + 1) },
        secrets: config.secrets,
        api: url === null ? null : { url, token: capabilities.token({ agent, epoch }) },
        previousBranch: last?.branch ?? null,
        graceMs: policy().graceMs,
        ...{ isolation: config.isolation, limits: config.limits },
      };
    },
  };
}
