/** What a town is made of, and what may be replaced in it. */
import type { AnnounceParams } from '../../machines/escalation.ts';
import type { Policy, PolicyPatch } from '../../machines/policy.ts';
import type { RigConfig, RigRuntime } from '../../machines/vocabulary.ts';
import type { Container, Integrator } from '../agents/port.ts';
import type { Env } from '../env/env.ts';
import type { Store } from '../store/port.ts';

/** A reason to refuse a policy. `setting` is a dotted path, or `policy` for all of it together. */
export type PolicyProblem = { readonly setting: string; readonly problem: string };

/**
 * Says why a town should not run with a policy; resolves with nothing when there is no reason. `directory` is the
 * town's, which need not be there yet.
 */
export type PolicyCheck = (
  policy: Policy,
  town: { readonly directory: string; readonly env: Env },
) => Promise<readonly PolicyProblem[]>;

export type TownOptions = {
  /** Folder of everything that the town keeps; made with mode 0700. */
  readonly directory: string;
  readonly name?: string;
  /** Settings that differ from the stored ones, or from the defaults in a new town. */
  readonly policy?: PolicyPatch;
  /**
   * Asked of the whole policy before the town is founded or opened with it, and before each change of it:
   * `createPolicyCheck()` proves that the machines can not get stuck with it. Unchecked when absent.
   */
  readonly checkPolicy?: PolicyCheck;
  /** Repositories; one that is known already is configured anew when it differs. */
  readonly rigs?: Readonly<Record<string, RigConfig>>;
  /** What rigs that drive an agent runtime have in common; absent: as it was, null: nothing. */
  readonly runtime?: RigRuntime | null;
  /** Polecats that are to be there; the others stay. */
  readonly agents?: readonly { readonly id: string; readonly rig: string; readonly container?: string | undefined }[];
  /** The environment that secrets are read from and programs are found in; empty when absent. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** True: starts wait until `setApiUrl` was called, so that no run is without its address. */
  readonly awaitApi?: boolean;
  /** Called for each escalation that is raised, and for its reminders. */
  readonly notify?: (escalation: AnnounceParams) => void;
  /** What happens to runs when the town is closed: they go on by default, and the next process takes them up. */
  readonly onClose?: 'keep' | 'stop';
  readonly env?: Env;
  readonly store?: Store;
  /** The embedded container, in place of one that runs agents on this machine; its id is `local`. */
  readonly container?: Container;
  /** False: the town hosts nothing itself; agents run where `Town.host` brings a container. True when absent. */
  readonly local?: boolean;
  readonly integrator?: Integrator;
  readonly synchronous?: 'full' | 'normal';
};

/** What a container offers: who may be placed there, and how many runs at a time; null: any number. */
export type Place = { readonly labels: readonly string[]; readonly slots: number | null };

/** The container that is embedded in the town: on its machine, in its process, and its only label. */
export const LOCAL = 'local';
export const LOCAL_PLACE: Place = { labels: [LOCAL], slots: null };
