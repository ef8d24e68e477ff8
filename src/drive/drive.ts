/**
 * One run of an agent runtime, as the command of a run: it drives the runtime, tells the town, and ends with a code
 * that says what came of it. It stands between the run's supervisor and the runtime, so it outlives the town as they
 * do.
 */
import { join } from 'node:path';
import { execa } from 'execa';
import { coerceError } from '../core/errors.ts';
import type { Driver } from '../drivers/driver.ts';
import type { DriverHost, PersonInput, WorkState } from '../drivers/host.ts';
import type { Ended, RunRequest } from '../drivers/port.ts';
import { unreadyText } from '../drivers/readiness.ts';
import { createSystemHost } from '../drivers/system-host.ts';
import type { Env } from '../env/env.ts';
import { Inbox } from './inbox.ts';
import { Memory } from './memory.ts';
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
  readonly epoch: number;
  /** What the town tells of earlier attempts, which is the end of the prompt too; empty: nothing. */
  readonly handover: string;
  /** Of the run before, which the handover is about; null: there was none, or it is not known. */
  readonly previousEpoch: number | null;
  /** What the work is compared with: a branch or a commit. */
  readonly since: string;
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
/** Whoever is stopped is killed soon: what it cost is told in that time or not at all. */
const INSIST_STOPPED_MS = 2_000;

export async function drive(options: DriveOptions): Promise<number> {
  const { env, driver, request, town, write, signal } = options;
  const narrator = new Narrator({
    ...{ env, town, write },
    onSession: (id) => memory.holds(id),
  });
  const persons = new Set<(input: PersonInput) => void>();
  const hear = (input: PersonInput) => {
    for (const listener of [...persons]) listener(input);
  };
  let inbox: Inbox | null = null;
  const host = createSystemHost(env, {
    environment: options.environment,
    emit: (event) => (event.kind === 'heard' ? inbox?.heard(event.ids) : narrator.tell(event, hear)),
    log: (message) => env.log('info', message),
    workState: () => workState(options),
    onPerson: (listener) => {
      persons.add(listener);
      return () => void persons.delete(listener);
    },
  });
  // Whoever hosts the run has just looked, or else it is looked at here.
  const isKnown = options.environment.YARDMASTER_READY === '1';
  const readiness = isKnown ? null : await driver.probe(request.profile, host);
  if (readiness?.ready === false) {
    const { failure } = readiness;
    return finish(options, { outcome: 'failed', failure, reason: unreadyText(readiness), tail: '' });
  }
  const memory = memoryOf(options, host);
  const running = driver.run(await withEarlier(options, memory), host, signal);
  // Not before the driver listens: what is said to nobody would be lost.
  inbox = town && new Inbox({ env, town, hear });
  const ended = await running;
  await memory.ended(ended);
  await inbox?.close(INSIST_STOPPED_MS);
  await narrator.settle(insistMs(ended));
  return finish(options, ended);
}

type Known = Awaited<ReturnType<Memory['recall']>>;

function memoryOf({ request, driver, bead, epoch }: DriveOptions, host: DriverHost): Memory {
  const { home, profile, directory } = request;
  const file = join(home, 'conversations', `${bead}.json`);
  return new Memory(host, file, { driver: driver.name, model: profile.model, epoch, directory });
}

async function withEarlier(options: DriveOptions, memory: Memory): Promise<RunRequest> {
  const { request, handover } = options;
  const known = await memory.recall();
  if (handover === '' && known === null) return { ...request, earlier: null };
  // The prompt is whole, for agents that are no driver: here its parts are told apart again.
  const end = request.prompt.endsWith(handover) ? request.prompt.length - handover.length : request.prompt.length;
  const prompt = request.prompt.slice(0, end).trimEnd();
  const session = known?.session ?? null;
  return { ...request, prompt, earlier: { session, handover: handover.trim(), news: newsFor(known, options) } };
}

/** A conversation of the last run needs the first section only, the rest it knows; one of an older run needs all. */
function newsFor(known: Known, { handover, previousEpoch, request }: DriveOptions): string {
  if (known === null) return '';
  const isLatest = previousEpoch === null || known.epoch === previousEpoch;
  const told = isLatest ? (handover.split(/\n(?=### )/)[0] ?? '') : handover;
  const moved = known.directory === request.directory ? '' : `You work in another folder now: ${request.directory}`;
  return [told.trim(), moved].filter((part) => part !== '').join('\n\n');
}

function insistMs({ outcome }: Ended): number {
  if (outcome === 'stopped') return INSIST_STOPPED_MS;
  return outcome === 'completed' ? INSIST_DONE_MS : INSIST_FAILED_MS;
}

/** Tells the end to the town, and says it as a code. */
async function finish(options: DriveOptions, ended: Ended): Promise<number> {
  if (ended.outcome === 'stopped') return driveExits.stopped;
  if (ended.outcome === 'completed') {
    await tellEnd(options, { name: 'done', body: { summary: lastLine(ended.tail) || 'done' } }, insistMs(ended));
    return driveExits.completed;
  }
  const { failure, reason } = ended;
  options.write(`${reason}\n`);
  // What no run could do as the rig is configured is no fault of this bead.
  const kind = failure === 'permanent' ? 'config' : failure;
  await tellEnd(options, { name: 'failed', body: { class: kind, reason: reason.slice(0, 4_000) } }, insistMs(ended));
  return driveExits[failure];
}

/** The town may know it already, from the agent itself, or not want to: the exit code says it once more. */
async function tellEnd({ town, env }: DriveOptions, end: { name: string; body: object }, ms: number): Promise<void> {
  await town?.insist(end.name, end.body, { ms }).catch((thrown) => {
    env.log('debug', `the end was not taken: ${coerceError(thrown).message}`);
  });
}

function lastLine(tail: string): string {
  return tail.trim().split('\n').at(-1)?.slice(0, 1_000) ?? '';
}

/** What can be known without asking the runtime: the agent reported, or git shows commits that it made itself. */
async function workState({ town, request, environment, since }: DriveOptions): Promise<WorkState> {
  if (await town?.isReported()) return 'reported';
  const counted = await execa('git', ['rev-list', '--count', `${since}..HEAD`], {
    cwd: request.directory,
    env: environment,
    extendEnv: false,
    reject: false,
  });
  return counted.exitCode === 0 && Number(counted.stdout) > 0 ? 'evident' : 'none';
}
