/** Oracles over single log rows: what no event may ever do, whatever state it finds (properties of kind T). */
import type { LogRow } from '../store/port.ts';
import { isTerminal, type Roster } from './roster.ts';
import type { Truth } from './world.ts';

/** `before` are the entries as they were before this row. */
export type RowCheck = (row: LogRow, roster: Roster, truth: Truth) => string | null;

const OF_A_RUN = new Set(['HEARTBEAT', 'PROGRESS', 'USAGE', 'DONE', 'FAILED', 'EXITED', 'FENCE']);
const CURRENT = /^working\.(dispatching|starting|unconfirmed|suspect|running)/;

function epochOf({ event }: LogRow): number | null {
  if (typeof event.epoch === 'number') return event.epoch;
  const params = event.params as { epoch?: number } | undefined;
  return params?.epoch ?? null;
}

/** P6: what carries an epoch that is not the current one changes nothing. */
const fenced: RowCheck = (row, roster) => {
  const { entity, event, before, after } = row;
  if (entity.machine !== 'agent' || !(OF_A_RUN.has(event.type) || event.type.startsWith('effect.'))) return null;
  const epoch = epochOf(row);
  const { epoch: current } = roster.agent(entity.id);
  if (epoch === null || epoch === current || before === after) return null;
  return `${event.type} of epoch ${epoch} moved agent ${entity.id} of epoch ${current} from ${before} to ${after}`;
};

/** P7: a heartbeat of the current epoch makes a run of whatever its agent took it for. */
const restored: RowCheck = (row, roster) => {
  const { entity, event, before, after } = row;
  if (entity.machine !== 'agent' || event.type !== 'HEARTBEAT' || !CURRENT.test(before)) return null;
  if (event.epoch !== roster.agent(entity.id).epoch || after.startsWith('working.running.')) return null;
  return `a heartbeat of the current epoch left agent ${entity.id} in ${after} (it was ${before})`;
};

/** P12: closed is for ever, failed until a person reopens it. */
const final: RowCheck = ({ entity, event, before, after }) => {
  if (entity.machine !== 'bead' || before === after || !isTerminal(before) || before === 'failed.exhausted')
    return null;
  if (before.startsWith('failed.') && event.type === 'REOPEN') return null;
  return `bead ${entity.id} left ${before} for ${after} on ${event.type}`;
};

/** P13: what can not start as it is configured waits for a change, or for a person. */
const quarantine: RowCheck = ({ entity, event, before, after }) => {
  if (before === after) return null;
  const allowed = ['CONFIG_CHANGED', 'RESET', 'HEARTBEAT', 'DONE', 'EXITED', 'HOLD', 'CANCEL'];
  if (event.type.startsWith('RUN.') || allowed.includes(event.type)) return null;
  const held = before === 'idle.quarantined' || before === 'open.blockedConfig';
  return held ? `${entity.machine} ${entity.id} left ${before} on ${event.type}` : null;
};

/** P14: an answer that did not come is no verdict. */
const unknownIsNotNo: RowCheck = ({ entity, event, before, after }) => {
  const leads = {
    'effect.startRun.unanswered': 'working.unconfirmed',
    'effect.merge.unanswered': 'in_progress.inReview',
  };
  const to = leads[event.type as keyof typeof leads];
  if (!to || before === after || after.startsWith(to)) return null;
  return `${event.type} led ${entity.machine} ${entity.id} from ${before} to ${after}`;
};

/** P15: a refused start leaves nobody working. */
const refused: RowCheck = (row, roster) => {
  const { entity, event, before, after } = row;
  if (event.type !== 'effect.startRun.refused' || epochOf(row) !== roster.agent(entity.id).epoch) return null;
  if (!/^working\.(dispatching|unconfirmed)/.test(before) || !after.startsWith('working.')) return null;
  return `its start was refused and agent ${entity.id} is ${after}`;
};

/** P17: nobody works on what waits for other beads, unless a person waived them. */
const dependencies: RowCheck = ({ entity, event }, roster) => {
  if (event.type !== 'DISPATCH' || entity.machine !== 'bead') return null;
  const { dependsOn, waived } = roster.bead(entity.id);
  const open = dependsOn.filter((id) => !roster.bead(id).state.startsWith('closed.'));
  return open.length === 0 || waived ? null : `bead ${entity.id} was dispatched before ${open.join(', ')} closed`;
};

/** P33: an open breaker lets nothing through. */
const breaker: RowCheck = ({ entity, event, before }) =>
  entity.machine === 'breaker' && event.type === 'DISPATCHED' && !/^(closed\.|halfOpen\.waiting$)/.test(before)
    ? `a dispatch passed the breaker in ${before}`
    : null;

/** Ground truth: closed means that a run ended with work, merged that it is in the target branch. */
const truthful: RowCheck = ({ entity, before, after }, _, truth) => {
  if (entity.machine !== 'bead' || before === after || !after.startsWith('closed.')) return null;
  if (!truth.finished.has(entity.id)) return `bead ${entity.id} is ${after}, and no run of it ever finished`;
  const merged = after !== 'closed.merged' || truth.isMerged(entity.id);
  return merged ? null : `bead ${entity.id} is closed.merged, and its work is in no target branch`;
};

/** Ground truth: what is merged is not worked on again, unless a person reopened it. */
const onceMerged: RowCheck = ({ entity, event }, roster, truth) => {
  if (event.type !== 'DISPATCH' || entity.machine !== 'bead' || roster.bead(entity.id).generation > 1) return null;
  return truth.isMerged(entity.id) ? `bead ${entity.id} was dispatched although its work is merged` : null;
};

/** P43: a run is placed where its labels are, in a slot that is free. */
const placed: RowCheck = ({ entity, event }, roster) => {
  if (entity.machine !== 'container' || event.type !== 'PLACE') return null;
  const { labels, slots, runs } = roster.container(entity.id);
  if (slots !== null && runs.size >= slots) return `container ${entity.id} was given a run beyond its ${slots} slots`;
  const missing = ((event.needs ?? []) as readonly string[]).filter((label) => !labels.includes(label));
  return missing.length === 0 ? null : `container ${entity.id} was given a run that needs ${missing.join(', ')}`;
};

/** P44: what happens to a container is no matter of a run in another one. */
const apart: RowCheck = ({ entity, event }, roster) => {
  if (entity.machine !== 'agent' || !event.type.startsWith('CONTAINER_')) return null;
  const { container, epoch } = roster.agent(entity.id);
  return epoch === 0 || event.container === container
    ? null
    : `agent ${entity.id} runs in ${container} and heard ${event.type} of ${String(event.container)}`;
};

/** By number of the property. */
export const rowChecks: readonly (readonly [property: string, check: RowCheck])[] = [
  ['P6', fenced],
  ['P7', restored],
  ['P12', final],
  ['P13', quarantine],
  ['P14', unknownIsNotNo],
  ['P15', refused],
  ['P17', dependencies],
  ['P33', breaker],
  ['P43', placed],
  ['P44', apart],
  ['truth.closed', truthful],
  ['truth.merged', onceMerged],
];
