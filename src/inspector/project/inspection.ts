/** What all projections share: the host, its machines, and what is remembered of its entities. */
import type { EntityRef, EpochMs, Seq } from '../../core/types.ts';
import type { Access, Stamped } from '../contract.ts';
import type { InspectorSource } from '../source.ts';
import { Machines } from './machine.ts';
import { Moments } from './moment.ts';
import { Roster } from './roster.ts';
import { Tally } from './tally.ts';

/** How long an answer waits for what is being read in the background, before it says that it is not complete. */
const PATIENCE_MS = 50;

/** Who asks. */
export type Viewer = { readonly access: Access };

export class Inspection {
  readonly machines: Machines;
  readonly roster: Roster;
  readonly tally: Tally;
  readonly moments: Moments;

  constructor(readonly source: InspectorSource) {
    this.machines = new Machines(source);
    this.roster = new Roster(source, this.machines);
    this.tally = new Tally(source, this.machines);
    this.moments = new Moments(source);
  }

  now(): EpochMs {
    return this.source.env.clock.now();
  }

  /** To be read together with what it stamps: nothing is committed in one synchronous stretch. */
  stamp(): Stamped {
    return { seq: this.seq(), now: this.now() };
  }

  seq(): Seq {
    return this.source.reads.lastSeq();
  }

  title(ref: EntityRef): string {
    return this.roster.title(ref);
  }

  /** Reads what lists and figures need, before somebody asks for them. */
  warm(): void {
    this.tally.reaches(this.now());
    for (const machine of this.machines.names) this.roster.peek(machine);
  }

  /** Waits for something a moment, and no longer: false when it is not there yet. */
  async patience(isThere: () => boolean): Promise<boolean> {
    const until = this.now() + PATIENCE_MS;
    while (!isThere() && this.now() < until) await this.pause();
    return isThere();
  }

  /** Lets what waits have its turn: long work is done in slices. */
  pause(): Promise<void> {
    return new Promise((resolve) => this.source.env.clock.soon(resolve));
  }
}
