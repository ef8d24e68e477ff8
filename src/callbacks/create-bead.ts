/** A run creates a bead. How many is bounded for each run, and each is marked with who made it. */
import { inTurn } from '../agents/turns.ts';
import { Refused } from '../core/errors.ts';
import type { EntityView } from '../town/api.ts';
import { type Caller, type Desk, nameOf, type Reply } from './caller.ts';

/** Beads that one run may create: an agent in a loop fills no backlog. */
const BEADS_PER_RUN = 10;
/** How deep beads of beads of beads may go: what agents make does not make more of itself without end. */
const DEPTH_MAX = 3;
const depthLabel = /^by-agents-(\d+)$/;

type Wanted = { readonly title: string; readonly body: string; readonly depends_on_mine: boolean };

/** The same bead asked for twice by one run is made once. Refused `conflict` when the run has made its share. */
export function createBead(desk: Desk, caller: Caller, wanted: Wanted): Promise<Reply> {
  // One after another: what is asked for at once is counted, too.
  return inTurn(`create-bead:${desk.town.directory}:${nameOf(caller)}`, () => create(desk, caller, wanted));
}

async function create({ town }: Desk, caller: Caller, wanted: Wanted): Promise<Reply> {
  const { agent, epoch, bead } = caller;
  const label = `by-${agent}-${epoch}`;
  const made = town.list('bead', { label, limit: BEADS_PER_RUN }).items;
  // Also when its share is used up: a run that did not hear the answer asks again.
  const known = made.find((view) => isSame({ town }, view, { ...wanted, bead }));
  if (known) return created(known.id);
  const { rig, labels } = town.get({ machine: 'bead', id: bead })?.context ?? {};
  const depth = depthOf(labels) + 1;
  if (depth > DEPTH_MAX) {
    throw new Refused('conflict', 'this bead was made by agents, three deep: leave further ones to people', {
      max: DEPTH_MAX,
    });
  }
  if (made.length >= BEADS_PER_RUN) {
    throw new Refused('conflict', `this run has created ${made.length} beads: leave the rest to people`, {
      max: BEADS_PER_RUN,
    });
  }
  const { title, body, depends_on_mine } = wanted;
  const input = { title, body, labels: [label, `by-agents-${depth}`], ...(depends_on_mine && { dependsOn: [bead] }) };
  const by = nameOf(caller);
  const [receipt] = await town.createBeads([{ ...input, ...(typeof rig === 'string' && { rig }) }], { by });
  return created(receipt?.entity.id ?? '');
}

function created(bead: string): Reply {
  return { answer: `Created ${bead}.`, bead };
}

/** What was asked for is compared as it was kept: masked. */
function isSame({ town }: Pick<Desk, 'town'>, { id, context }: EntityView, wanted: Wanted & { bead: string }): boolean {
  const { title, dependsOn } = context;
  const depends = Array.isArray(dependsOn) && dependsOn.includes(wanted.bead);
  return (
    title === town.mask(wanted.title) && depends === wanted.depends_on_mine && town.brief(id) === town.mask(wanted.body)
  );
}

/** How many beads of agents stand above one with these labels. */
function depthOf(labels: unknown): number {
  const depths = Array.isArray(labels) ? labels.map((label) => Number(depthLabel.exec(String(label))?.[1] ?? 0)) : [];
  return Math.max(0, ...depths);
}
