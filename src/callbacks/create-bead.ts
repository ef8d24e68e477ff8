/** A run creates a bead. How many is bounded for each run, and each is marked with who made it. */
import { createHash } from 'node:crypto';
import { Refused } from '../core/errors.ts';
import { type Caller, type Desk, nameOf } from './caller.ts';

/** Beads that one run may create: an agent in a loop fills no backlog. */
const BEADS_PER_RUN = 10;

type Wanted = { readonly title: string; readonly body: string; readonly depends_on_mine: boolean };

/** The same bead asked for twice by one run is made once. Refused `conflict` when the run has made its share. */
export async function createBead({ town }: Desk, caller: Caller, wanted: Wanted): Promise<string> {
  const { agent, epoch, bead } = caller;
  const label = `by-${agent}-${epoch}`;
  const rig = town.get({ machine: 'bead', id: bead })?.context.rig;
  const hash = createHash('sha256').update(JSON.stringify(wanted)).digest('hex');
  const made = town.list('bead', { label, limit: BEADS_PER_RUN }).items;
  const key = `create-bead-${hash}`;
  if (made.length >= BEADS_PER_RUN) {
    throw new Refused('conflict', `this run has created ${made.length} beads: leave the rest to people`, {
      max: BEADS_PER_RUN,
    });
  }
  const { title, body, depends_on_mine } = wanted;
  const input = { title, body, labels: [label], ...(depends_on_mine && { dependsOn: [bead] }) };
  const principal = nameOf(caller);
  const [receipt] = await town.createBeads([{ ...input, ...(typeof rig === 'string' && { rig }) }], {
    by: principal,
    idempotency: { principal, key, hash },
  });
  return `Created ${receipt?.entity.id}.`;
}
