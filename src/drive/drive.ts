/**
 * One run of an agent runtime, as the command of a run: it drives the runtime, tells the town, and ends with a code
 * that says what came of it. It stands between the run's supervisor and the runtime, so it outlives the town as they
 * do.
 */
import { join } from 'node:path';
import { execa } from 'execa';
import type { Driver } from '../drivers/driver.ts';
import type { PersonInput, WorkState } from '../drivers/host.ts';
import type { Ended, RunRequest } from '../drivers/port.ts';
import { createSystemHost } from '../drivers/system-host.ts';
import type { Env } from '../env/env.ts';
import { Narrator } from './narrator.ts';
import type { TownLine } from './town-line.ts';

export type DriveOptions = {
  readonly env: Env;
  readonly driver: Driver;
  /** All but what an earlier attempt left, which is looked up here. */
  readonly request: Omit<RunRequest, 'earlier'>;
  /** What every program of the runtime gets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly bead: string;
  /** What the work is compared with. */
  readonly targetBranch: string;
  readonly town: TownLine | null;
  readonly write: (text: string) => void;
  /** Aborts when the run is to end. */
  readonly signal: AbortSignal;
};

/** Exit codes: the supervisor writes them down, and people read them (sysexits.h). */
export const driveExits = { completed: 0, work: 1, transient: 75, permanent: 78, stopped: 143 } as const;

/**
 * How long an end is told to a town that does not answer. What is done shows in git and in the exit code, which are
 * kept for the town's next life; why something failed is known in full from the report alone.
 */
const INSIST_DONE_MS = 30_000;
const INSIST_FAILED_MS = 5 * 60_000;

export async function drive(options: DriveOptions): Promise<number> {
  const { env, driver, request, town, write, signal } = options;
  const conversations = join(request.home, 'conversations', `${options.bead}.json`);
  const narrator = new Narrator({
    ...{ env, town, write },
    onSession: (id) => void host.writeFile(conversations, JSON.stringify({ session: id })),
  });
  const persons = new Set<(input: PersonInput) => void>();
  const hear = (input: PersonInput) => {
    for (const listener of [...persons]) listener(input);
  };
  const host = createSystemHost(env, {
    environment: options.environment,
    emit: (event) => narrator.tell(event, hear),
    log: (message) => env.log('info', message),
    workState: () => workState(options),
    onPerson: (listener) => {
      persons.add(listener);
      return () => void persons.delete(listener);
    },
  });
  const readiness = await driver.probe(request.profile, host);
  if (!readiness.ready) {
    const { failure, reason, remedy } = readiness;
    return finish(options, { outcome: 'failed', failure, reason: `${reason}: ${remedy}`, tail: '' });
  }
  const earlier = await host.readFile(conversations);
  const session = earlier === null ? null : ((JSON.parse(earlier) as { session: string }).session ?? null);
  const ended = await driver.run(
    { ...request, earlier: session === null ? null : { session, handover: '' } },
    host,
    signal,
  );
  await narrator.settled();
  return finish(options, ended);
}

/** Tells the end to the town, and says it as a code. */
async function finish({ town, write }: DriveOptions, ended: Ended): Promise<number> {
  if (ended.outcome === 'stopped') return driveExits.stopped;
  if (ended.outcome === 'completed') {
    await town?.insist('done', { summary: lastLine(ended.tail) || 'done' }, INSIST_DONE_MS);
    return driveExits.completed;
  }
  const { failure, reason } = ended;
  write(`${reason}\n`);
  await town?.insist('failed', { class: failure, reason: reason.slice(0, 4_000) }, INSIST_FAILED_MS);
  return driveExits[failure];
}

function lastLine(tail: string): string {
  return tail.trim().split('\n').at(-1)?.slice(0, 1_000) ?? '';
}

/** What can be known without asking the runtime: the agent reported, or git shows commits beyond the target. */
async function workState({ town, request, environment, targetBranch }: DriveOptions): Promise<WorkState> {
  if (await town?.isReported()) return 'reported';
  const counted = await execa('git', ['rev-list', '--count', `${targetBranch}..HEAD`], {
    cwd: request.directory,
    env: environment,
    extendEnv: false,
    reject: false,
  });
  return counted.exitCode === 0 && Number(counted.stdout) > 0 ? 'evident' : 'none';
}
