/**
 * What a runner does for its town: the orders, given to the container that a town embeds, with repositories that come
 * as copies and work that is brought home.
 */
import { join } from 'node:path';
import { createGit } from '../../agents/git.ts';
import { createLocalContainer, type LocalContainer } from '../../agents/local.ts';
import { beforeStart, toStartOutcome } from '../../agents/outcome.ts';
import type { Evidence, RunReport } from '../../agents/port.ts';
import { RunFiles, type RunRecord } from '../../agents/run-files.ts';
import type { Environment } from '../../agents/secrets.ts';
import { coerceError, Refused, Retryable } from '../../core/errors.ts';
import type { Env } from '../../env/env.ts';
import type { Order, OrderOf, ResultOf } from '../protocol.ts';
import { Deliveries } from './deliveries.ts';
import { Mirrors } from './mirrors.ts';
import type { TownLink } from './town-link.ts';

export type HostingOptions = {
  readonly id: string;
  readonly env: Env;
  readonly environment: Environment;
  /** Folder of everything that the runner keeps. */
  readonly directory: string;
  readonly link: TownLink;
  /** The registration that counts now. */
  readonly registration: () => string;
  /** Values that no kept output may hold: the runner's own token. */
  readonly secretValues: readonly string[];
  /** Folder that runs have to see nothing of, beside the runner's own. */
  readonly hidden?: string;
  /** Called when the town lets the runner go. */
  readonly onRelease: () => void;
};

type RunName = { readonly agent: string; readonly epoch: number };

const heartbeatMs = 30_000;
const never = new AbortController().signal;

export class Hosting {
  readonly container: LocalContainer;
  readonly #options: HostingOptions;
  readonly #root: string;
  readonly #mirrors: Mirrors;
  readonly #deliveries: Deliveries;
  /** Starts that have not come to the container yet; a town that was started anew may ask for one again meanwhile. */
  readonly #starting = new Set<{ readonly key: string }>();
  #isDraining = false;

  constructor(options: HostingOptions) {
    const { id, env, environment, directory, link, secretValues, hidden } = options;
    this.#options = options;
    this.#root = join(directory, 'private', 'container');
    const git = createGit({ environment });
    const spool = join(directory, 'private', 'spool');
    this.container = createLocalContainer({
      ...{ id, root: this.#root, env, environment, heartbeatMs, secretValues, ...(hidden && { hidden }) },
    });
    this.#mirrors = new Mirrors({
      ...{ git, env, spool, folder: join(directory, 'repositories') },
      bring: (rig, asked, file) => link.download(rig, { registration: options.registration(), ...asked }, file),
    });
    this.#deliveries = new Deliveries({ git, env, spool, upload: (left, file) => link.upload(left, file) });
  }

  /** From now on, starts are refused. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Does what an order says; resolves with what its kind promises. */
  async carryOut(order: Order): Promise<unknown> {
    const { container } = this;
    switch (order.kind) {
      case 'start':
        return this.#start(order);
      case 'stop':
        return container.stop(order);
      case 'probe':
        return this.#isStarting(order) ? 'unknown' : container.probe(order);
      case 'finish':
        return this.#finish(order);
      case 'readOutput': {
        const { fromByte, maxBytes } = order;
        return container.readOutput(order, fromByte === undefined ? { maxBytes } : { fromByte, maxBytes });
      }
      case 'readiness':
        return this.#readiness(order);
      case 'list':
        return container.list();
      case 'health':
        return container.health();
      case 'isolation':
        return container.isolation();
      case 'setHeartbeat':
        container.setHeartbeat(order.everyMs);
        return null;
      case 'release':
        this.#options.onRelease();
        return null;
    }
  }

  /**
   * The report of an end as the town is to have it, when the work of the run is at home. Rejects with Retryable while
   * the town does not answer.
   */
  async broughtHome(report: RunReport & { kind: 'exited' }): Promise<RunReport> {
    const { evidence, tail } = report;
    if (evidence === null) return report;
    try {
      await this.#bringHome(report, evidence);
      return report;
    } catch (thrown) {
      if (!(thrown instanceof Refused) || thrown.code === 'unauthorized') throw thrown;
      const { id, env } = this.#options;
      const record = await this.#recordOf(report);
      const where = `it is kept as ${evidence.branch} in ${record?.repository ?? 'its copy'} on runner ${id}`;
      env.log('error', `what ${report.agent} left was not taken by the town: ${thrown.message}; ${where}`);
      // Without its work there is no evidence of it in the town.
      return { ...report, evidence: null, tail: `${tail}\nthe work was not taken: ${thrown.message}; ${where}\n` };
    }
  }

  /** What is at home needs no branch here: which earlier attempts there are is for the town to say. */
  async forget(report: RunReport): Promise<void> {
    if (report.kind !== 'exited' || report.evidence === null) return;
    const record = await this.#recordOf(report);
    if (record !== null) await this.#deliveries.forget(record);
  }

  async #start({ run, source }: OrderOf<'start'>): Promise<ResultOf<'start'>> {
    const mine = { key: keyOf(run) };
    this.#starting.add(mine);
    try {
      return await toStartOutcome(async () => {
        if (this.#isDraining)
          throw new Refused('unavailable', `runner ${this.#options.id} takes no more runs: it ends`);
        const { rig, bead } = run;
        const path = await beforeStart(() => this.#mirrors.ready({ rig, bead, source }));
        // The address under which the town knows itself may be none that leads there from here.
        const api = run.api && { ...run.api, url: this.#options.link.url };
        return this.container.start({ ...run, api, repository: { ...run.repository, path } }, never);
      }, never);
    } finally {
      this.#starting.delete(mine);
    }
  }

  #isStarting(run: RunName): boolean {
    return [...this.#starting].some(({ key }) => key === keyOf(run));
  }

  async #readiness({ profile, source }: OrderOf<'readiness'>): Promise<ResultOf<'readiness'>> {
    const path = await this.#mirrors.ready({ rig: profile.rig, bead: 'readiness', source });
    return this.container.readiness({ ...profile, repository: { ...profile.repository, path } });
  }

  async #finish(order: OrderOf<'finish'>): Promise<Evidence | null> {
    const evidence = await this.container.finish(order);
    if (evidence !== null) await this.#bringHome(order, evidence);
    return evidence;
  }

  async #bringHome(run: RunName, evidence: Evidence): Promise<void> {
    const record = await this.#recordOf(run);
    if (record === null) throw new Retryable(`nothing is known of ${run.agent} epoch ${run.epoch} here`, 0);
    await this.#deliveries.bringHome(record, evidence);
  }

  #recordOf({ agent, epoch }: RunName): Promise<RunRecord | null> {
    return new RunFiles(join(this.#root, 'runs', `${agent}-${epoch}`)).run();
  }
}

/** A failure as it goes over the wire. */
export function failureOf(thrown: unknown) {
  const error = coerceError(thrown);
  const message = error.message.slice(0, 16_000);
  if (error instanceof Refused) return { kind: 'refused' as const, code: error.code, message };
  return { kind: error.name === 'Terminal' ? ('terminal' as const) : ('retryable' as const), message };
}

function keyOf({ agent, epoch }: RunName): string {
  return `${agent}#${epoch}`;
}
