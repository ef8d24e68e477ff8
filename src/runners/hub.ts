/**
 * The runners of a town: who registered, under which registration, and what stands for each of them in the town.
 *
 * Invariants
 * - U1 One registration of a runner counts: the newest. The process of an earlier one takes no orders any more; its
 *   heartbeats are believed only while the town still counts its runs as theirs, the ends of its runs always.
 * - U2 A runner speaks of runs that were placed on it, and of no others.
 */
import { createReadStream, type ReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { createGit } from '../agents/git.ts';
import type { Container, RunReport } from '../agents/port.ts';
import type { Environment } from '../agents/secrets.ts';
import { coerceError, Refused } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import { Depot, type DepotPlace } from './depot.ts';
import { defaultPatience, Line, type LinePatience } from './line.ts';
import {
  type NumberedOrder,
  type OrderAnswer,
  PROTOCOL,
  type Registered,
  type RegisterRequest,
  type Reported,
  type ReportsRequest,
} from './protocol.ts';
import { RemoteContainer } from './remote-container.ts';

/** What a hub knows of its town. */
export interface RunnerTown {
  readonly name: string;
  heartbeatMs(): number;
  /** Lets the town place runs there, and hear of them. */
  host(container: Container, place: { labels: readonly string[]; slots: number | null }): Promise<void>;
  /** The repository of a rig; null when there is no such rig. */
  repository(rig: string): DepotPlace | null;
  /** The latest run of an agent; null when it never had one. */
  latest(agent: string): { epoch: number; container: string; isWorking: boolean; rig: string } | null;
  /** Where an attempt was placed; null when the town knows of none. */
  attempt(bead: string, epoch: number): { container: string; rig: string } | null;
  /** A runner that had been told to drain is a runner again. */
  welcome(id: string): Promise<void>;
  /** It takes no more runs; `now`: those that it has are given up. */
  drain(id: string, now: boolean): Promise<void>;
}

export type HubOptions = {
  readonly env: Env;
  readonly town: RunnerTown;
  /** Where git is found. */
  readonly environment: Environment;
  /** Folder for what is on its way; emptied at the start. */
  readonly folder: string;
  readonly patience?: LinePatience;
  /** The largest bundle that a runner may send, bytes. */
  readonly bundleBytesMax?: number;
};

type Place = {
  readonly line: Line;
  readonly container: RemoteContainer;
  /** Newest last: how a process of an earlier one is known. */
  readonly former: string[];
};

const formerMax = 20;
const bundleBytesMax = 1024 * 1024 * 1024;
/** It belongs to the town itself. */
const reserved = 'local';

export class Hub {
  readonly #options: HubOptions;
  readonly #depot: Depot;
  readonly #places = new Map<string, Place>();

  constructor(options: HubOptions) {
    const { env, environment, folder } = options;
    this.#options = options;
    this.#depot = new Depot({ env, git: createGit({ environment }), folder });
  }

  /** Refused `invalid` for a protocol that is not ours, or an id that is the town's own. */
  async register(id: string, asked: RegisterRequest): Promise<Registered> {
    const { env, town } = this.#options;
    if (asked.protocol !== PROTOCOL) {
      const which = `the runner speaks protocol ${asked.protocol}, the town ${PROTOCOL}`;
      throw new Refused('invalid', `${which}: install the same version of yardmaster on both`);
    }
    if (id === reserved) throw new Refused('invalid', `"${reserved}" is the town itself: give the runner another --id`);
    if (this.#places.size === 0) this.#depot.clear();
    const place = this.#places.get(id) ?? this.#open(id);
    const before = place.line.party;
    const registration = env.hex(32);
    if (before) place.former.push(before.registration);
    place.former.splice(0, Math.max(0, place.former.length - formerMax));
    place.line.begin({ registration, process: asked.process, incarnation: asked.incarnation });
    const { labels, slots, process, incarnation } = asked;
    place.container.isDraining = asked.draining;
    const host = () => town.host(place.container, { labels, slots });
    // The town places nothing on a runner that is away, and does not ask by itself whether it is back.
    place.line.onReturn = () =>
      void host().catch((thrown) => env.log('warn', `runner ${id} is back, untold: ${coerceError(thrown).message}`));
    await host();
    if (asked.draining) await town.drain(id, false);
    else if (before?.process !== process) await town.welcome(id);
    const isOther = before !== null && before.incarnation !== incarnation;
    env.log('info', `runner ${id} registered`, { incarnation, labels, slots });
    const heartbeatMs = town.heartbeatMs();
    return { registration, town: town.name, heartbeatMs, replaces: isOther ? before.incarnation : null };
  }

  /** Refused `not_found` under a registration that nobody knows, `conflict` under one that was replaced. */
  async orders(id: string, at: { registration: string; after: number }, signal: AbortSignal) {
    const { line } = this.#current(id, at.registration);
    const orders: readonly NumberedOrder[] = await line.poll(at.after, signal);
    return { orders };
  }

  answer(id: string, { registration, answers }: { registration: string; answers: readonly OrderAnswer[] }): void {
    this.#current(id, registration).line.answer(answers);
  }

  /** Resolves when the town has what was told: ends are acknowledged by that. */
  async report(id: string, { registration, reports }: ReportsRequest): Promise<Reported> {
    const place = this.#reporter(id, registration, reports);
    const isReplaced = place.line.party?.registration !== registration;
    const unwanted = reports.filter((report) => !this.#isWanted(id, report)).map(nameOf);
    const ends = reports.filter(({ kind }) => kind === 'exited');
    const beats = reports.filter((report) => report.kind === 'heartbeat' && this.#mayBeat(id, report, isReplaced));
    // The next heartbeat follows; what comes of this one is not waited for.
    for (const beat of beats) void this.#tell(place, beat);
    for (const end of ends) await this.#takeEnd(id, place, end);
    return { unwanted };
  }

  async drain(id: string, { registration, now }: { registration: string; now: boolean }): Promise<void> {
    this.#current(id, registration).container.isDraining = true;
    await this.#options.town.drain(id, now);
  }

  /** What a run of a bead needs of a rig and the runner does not have. Refused `not_found`, `conflict` for nothing. */
  async bundle(
    id: string,
    rig: string,
    { registration, bead, have }: { registration: string; bead: string; have: readonly string[] },
  ): Promise<{ stream: ReadStream; bytes: number }> {
    this.#current(id, registration);
    const place = this.#options.town.repository(rig);
    if (!place) throw new Refused('not_found', `there is no rig ${rig} in this town`);
    const { heads } = await this.#depot.source(place, { bead, epoch: 0 });
    const file = await this.#depot.pack(
      place,
      heads.map(({ name }) => name),
      have,
    );
    if (file === null) throw new Refused('conflict', `the runner has all of rig ${rig} that it needs`);
    const { size } = await stat(file);
    const stream = createReadStream(file);
    // The file is gone from the folder at once, and from the disk when it was read.
    await new Promise<void>((resolve, reject) => stream.once('open', () => resolve()).once('error', reject));
    await rm(file);
    return { stream, bytes: size };
  }

  /** Takes what an attempt of this runner left. Refused `forbidden` for one that was placed elsewhere. */
  async takeAttempt(
    id: string,
    left: { bead: string; epoch: number; base: string; head: string },
    body: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const { bead, epoch } = left;
    const attempt = this.#options.town.attempt(bead, epoch);
    if (attempt?.container !== id) {
      throw new Refused('forbidden', `attempt ${epoch} of ${bead} was not placed on runner ${id}`);
    }
    const place = this.#options.town.repository(attempt.rig);
    if (!place) throw new Refused('not_found', `there is no rig ${attempt.rig} in this town`);
    const file = await this.#depot.newFile();
    try {
      await this.#spool(file, body);
      await this.#depot.take(place, file, left);
    } finally {
      await rm(file, { force: true });
    }
  }

  /** Ends polls and waits for no answer; runs go on. */
  close(): void {
    for (const { line } of this.#places.values()) line.close();
  }

  #open(id: string): Place {
    const { env, town, patience = defaultPatience } = this.#options;
    const line = new Line(id, env, patience);
    const placeOf = (agent: string) => {
      const run = town.latest(agent);
      return run && town.repository(run.rig);
    };
    const place = { line, container: new RemoteContainer({ env, line, depot: this.#depot, placeOf }), former: [] };
    this.#places.set(id, place);
    return place;
  }

  /**
   * Who reports. A process whose place was taken is known by its incarnation when the town was started anew since: it
   * does not register again.
   */
  #reporter(id: string, registration: string, reports: readonly RunReport[]): Place {
    const place = this.#places.get(id);
    const now = place?.line.party?.incarnation;
    const isOther = reports.length > 0 && reports.every(({ incarnation }) => incarnation !== now);
    return place && now !== undefined && isOther ? place : this.#known(id, registration);
  }

  #known(id: string, registration: string): Place {
    const place = this.#places.get(id);
    if (place && (place.line.party?.registration === registration || place.former.includes(registration))) return place;
    throw new Refused('not_found', `registration ${registration} of runner ${id} is not known here: register again`);
  }

  #current(id: string, registration: string): Place {
    const place = this.#known(id, registration);
    if (place.line.party?.registration === registration) return place;
    throw new Refused('conflict', `another process registered as runner ${id} after this one: it has its place now`);
  }

  #isWanted(id: string, { agent, epoch }: RunReport): boolean {
    const run = this.#options.town.latest(agent);
    return run !== null && run.epoch === epoch && run.container === id && run.isWorking;
  }

  /**
   * Of a run that is somebody else's, nothing is believed; of a replaced process, nothing that would bring a run back.
   */
  #mayBeat(id: string, report: RunReport, isReplaced: boolean): boolean {
    const run = this.#options.town.latest(report.agent);
    if (run?.epoch === report.epoch && run.container !== id) return false;
    return !isReplaced || this.#isWanted(id, report);
  }

  async #tell({ container }: Place, report: RunReport): Promise<void> {
    try {
      await container.report(report);
    } catch (thrown) {
      const error = coerceError(thrown).message;
      this.#options.env.log('debug', 'a heartbeat was not taken; the next one follows', { error });
    }
  }

  async #takeEnd(id: string, { container }: Place, report: RunReport): Promise<void> {
    const { agent, epoch } = report;
    const run = this.#options.town.latest(agent);
    // An end that is none of its own is taken and says nothing: a refusal would be repeated for ever.
    if (run?.epoch === epoch && run.container !== id) return;
    await container.report(report);
  }

  /** Into a private file, as much as is allowed. */
  async #spool(file: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    const { bundleBytesMax: most = bundleBytesMax } = this.#options;
    const handle = await open(file, 'wx', 0o600);
    try {
      let bytes = 0;
      for await (const part of body) {
        bytes += part.length;
        if (bytes > most) throw new Refused('too_large', `what the run left is larger than ${most} bytes`, { most });
        await handle.writeFile(part);
      }
    } finally {
      await handle.close();
    }
  }
}

function nameOf({ agent, epoch }: RunReport): { agent: string; epoch: number } {
  return { agent, epoch };
}
