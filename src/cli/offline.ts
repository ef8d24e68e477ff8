/**
 * Reads a town from its database alone, without being its process: while it rests, and for checks also while it runs.
 */
import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { townMachines } from '../../machines/index.ts';
import type { Policy } from '../../machines/policy.ts';
import type { Definition } from '../core/define.ts';
import { Refused } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import type { InspectorSource } from '../inspector/source.ts';
import type { EntityRow } from '../store/port.ts';
import { openSqliteReadOnly } from '../store/sqlite.ts';
import type { VerifyReport } from '../town/api.ts';
import { attemptsAbout } from '../town/attempts.ts';
import { effectivePolicy, nameOf } from '../town/founding.ts';
import { stoppedTownSource } from '../town/inspection/source.ts';
import { createParties } from '../town/parties.ts';
import { briefOf } from '../town/run-specs.ts';
import { sharedRuntime } from '../town/settings.ts';
import { definitionResolver, verifyTown } from '../town/verify.ts';
import { effectsPage, listViews, statusOf, timersPage, viewOf } from '../town/views.ts';
import { explain } from '../town/why.ts';
import { files } from './places.ts';
import type { Reader } from './reader.ts';

const LOG_PAGE = 100;

export interface OfflineTown extends Reader, Disposable {
  policy(): Policy;
  readonly name: string;
  verify(): VerifyReport;
  backup(file: string): Promise<void>;
  /** The town as a host of the inspector, to look at. */
  inspection(): InspectorSource;
}

/**
 * The town of a folder that is about to be opened for writing; null when there is none yet, or when an older version
 * or a founding that was cut short left a database that this opening will bring up to date.
 */
export function openBefore(directory: string, env: Env): OfflineTown | null {
  if (!existsSync(files.database(directory))) return null;
  try {
    return openOffline(directory, env);
  } catch (thrown) {
    if (thrown instanceof Refused && thrown.details.needsWriting === true) return null;
    throw thrown;
  }
}

/** Throws Refused `unavailable` when there is no town in the folder. */
export function openOffline(directory: string, env: Env): OfflineTown {
  const file = files.database(directory);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new Refused(
      'unavailable',
      `there is no town in ${directory}: correct --data, or begin with \`yardmaster up\``,
    );
  }
  const { read: reads, atOneMoment, backup, close } = openSqliteReadOnly({ file });
  const resolve = definitionResolver(reads);
  // What an earlier version left is read as the next start would read it.
  const definitionOf = ({ definition, ref }: EntityRow) => resolve(definition) ?? today()[ref.machine] ?? null;
  const engine = { definitionOf, reads, env, health: () => ({ ok: true as const }) };
  const parties = createParties((ref) => {
    const view = viewOf(engine, ref);
    return view && { ...view, state: view.substate };
  });
  const name = nameOf(reads) ?? basename(directory);
  const policy = (): Policy => effectivePolicy(reads);
  const today = (): Readonly<Record<string, Definition>> => townMachines(policy());
  return {
    name,
    get: (ref) => viewOf(engine, ref),
    list: (machine, query = {}) => listViews(engine, machine, query),
    brief: (bead) => briefOf(reads, parties.get('bead', bead).context.id),
    attempts: (about) => attemptsAbout(reads, about, LOG_PAGE),
    why: (ref) => explain({ reads, parties, policy: policy() }, ref),
    status: () => statusOf(engine, parties, name),
    log: (filter = {}, { from, limit = LOG_PAGE, order = 'asc' } = {}) =>
      reads.log(filter, { limit, order, ...(from !== undefined && { from }) }),
    timers: (query = {}) => timersPage(reads, query),
    outbox: (query = {}) => effectsPage(reads, query),
    policy,
    runtime: () => sharedRuntime(parties),
    // A town that runs goes on meanwhile.
    verify: () => atOneMoment(() => verifyTown(reads)),
    backup,
    inspection: () => {
      const machines = today();
      return stoppedTownSource({
        ...{ name, env, reads, parties, policy, output: null, worktree: () => null, machines },
        watch: () => () => undefined,
      });
    },
    [Symbol.dispose]: close,
  };
}
