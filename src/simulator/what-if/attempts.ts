/** What a record tells of each attempt: how its start was answered, when it lived, what it came to and what it cost. */
import type { RecordedRow } from './rows.ts';

export type StartAnswer = 'accepted' | 'refused' | 'permanent' | 'unknown';
export type Ending =
  | { readonly kind: 'exit'; readonly code: number; readonly commits: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly class: string; readonly reason: string }
  /** It fell silent. */
  | { readonly kind: 'silent' }
  /** The town ended it, or the record does: nobody knows what it would have come to. */
  | { readonly kind: 'cut' };

export type Attempt = {
  readonly bead: string;
  readonly agent: string;
  readonly rig: string;
  readonly epoch: number;
  readonly at: number;
  readonly start: StartAnswer;
  readonly startMs: number;
  /** From the dispatch to the first heartbeat; null: there was none. */
  readonly beganMs: number | null;
  /** From the first heartbeat, or else the dispatch, to its end. */
  readonly lastedMs: number;
  readonly ending: Ending;
  readonly costUsd: number;
  readonly tokens: number;
  /** False when it showed so little progress that it was nudged. */
  readonly isActive: boolean;
};

type Own = { readonly assigned: RecordedRow; readonly rows: RecordedRow[] };

/** Attempts in the order of their dispatches. */
export function attemptsIn(rows: readonly RecordedRow[]): readonly Attempt[] {
  const own = new Map<number, Own>();
  const rigs = new Map<string, string>();
  const current = new Map<string, number>();
  for (const row of rows) {
    const { entity, event, rejected } = row;
    if (event.type === 'xstate.init' && entity.machine === 'bead') rigs.set(entity.id, String(inputOf(row).rig));
    if (entity.machine !== 'agent' || rejected !== null) continue;
    if (event.type === 'ASSIGN') {
      own.set(Number(event.epoch), { assigned: row, rows: [] });
      current.set(entity.id, Number(event.epoch));
    }
    const epoch = epochOf(row) ?? current.get(entity.id);
    if (epoch !== undefined) own.get(epoch)?.rows.push(row);
  }
  const end = rows.at(-1)?.at ?? 0;
  return [...own.values()].map((one) => attemptOf(one, { rigs, end }));
}

const inputOf = ({ event }: RecordedRow) => (event.input ?? {}) as Record<string, unknown>;

function epochOf({ event }: RecordedRow): number | null {
  if (typeof event.epoch === 'number') return event.epoch;
  const params = event.params as { epoch?: number } | undefined;
  return params?.epoch ?? null;
}

type Frame = { readonly rigs: ReadonlyMap<string, string>; readonly end: number };

function attemptOf({ assigned, rows }: Own, { rigs, end }: Frame): Attempt {
  const { at, event, entity } = assigned;
  const bead = String(event.bead);
  const answered = rows.find((row) => row.event.type.startsWith('effect.startRun.'));
  const began = rows.find((row) => row.event.type === 'HEARTBEAT');
  const ended = endOf(rows);
  const usage = rows.filter((row) => row.event.type === 'USAGE');
  const sum = (name: string) => usage.reduce((total, row) => total + Number(row.event[name] ?? 0), 0);
  const from = began?.at ?? at;
  return {
    ...{ bead, agent: entity.id, rig: rigs.get(bead) ?? '', epoch: Number(event.epoch), at },
    start: answerOf(answered, began),
    startMs: (answered?.at ?? at) - at,
    beganMs: began ? began.at - at : null,
    lastedMs: Math.max((ended?.row.at ?? end) - from, 0),
    ending: ended?.ending ?? { kind: 'cut' },
    ...{ costUsd: sum('costUsd'), tokens: sum('tokens') },
    isActive: !rows.some(({ after }) => /^working\.running\.(quiet|stalled)$/.test(after)),
  };
}

function answerOf(answered: RecordedRow | undefined, began: RecordedRow | undefined): StartAnswer {
  if (answered?.event.type.endsWith('.refused')) return answered.event.permanent === true ? 'permanent' : 'refused';
  return answered?.event.type.endsWith('.succeeded') || began ? 'accepted' : 'unknown';
}

type End = { readonly row: RecordedRow; readonly ending: Ending };

/** Its own word first; then what the town concluded of its silence; what the town ended was cut. */
function endOf(rows: readonly RecordedRow[]): End | null {
  for (const row of rows) {
    const { event, before, after } = row;
    if (event.type === 'DONE') return { row, ending: { kind: 'done' } };
    if (event.type === 'FAILED') {
      return { row, ending: { kind: 'failed', class: String(event.class), reason: String(event.reason ?? 'failed') } };
    }
    if (event.type === 'EXITED') {
      if (before === 'working.stopping' || event.code === null) return { row, ending: { kind: 'cut' } };
      const { commits = 0 } = (event.evidence ?? {}) as { commits?: number };
      return { row, ending: { kind: 'exit', code: Number(event.code), commits } };
    }
    if (before !== after && /^exited\.(lost|evicted|stopped)$/.test(after))
      return { row, ending: concluded(rows, row) };
  }
  return null;
}

/** A run that was given up fell silent, unless its container went away or somebody stopped it. */
function concluded(rows: readonly RecordedRow[], { after }: RecordedRow): Ending {
  const spoke = rows.some(({ event }) => ['HEARTBEAT', 'PROGRESS'].includes(event.type));
  return after === 'exited.lost' && spoke ? { kind: 'silent' } : { kind: 'cut' };
}
