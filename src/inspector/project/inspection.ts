/** What all projections share: the host, its machines, and what is remembered of its entities. */
import type { EntityRef, EpochMs, Seq } from '../../core/types.ts';
import type { Access, Stamped } from '../contract.ts';
import type { InspectorSource } from '../source.ts';
import { Machines } from './machine.ts';
import { Moments } from './moment.ts';
import { Roster } from './roster.ts';
import { Tally } from './tally.ts';

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

  /** Lets what waits have its turn: long work is done in slices. */
  pause(): Promise<void> {
    return new Promise((resolve) => this.source.env.clock.soon(resolve));
  }
}
