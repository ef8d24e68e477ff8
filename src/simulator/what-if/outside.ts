/** The recorded outside as an incident: who came when, what people said, how merges and the container went. */

import type { PolicyPatch } from '../../../machines/policy.ts';
import type { RigConfig } from '../../../machines/vocabulary.ts';
import { stableText } from '../../core/json.ts';
import { refText } from '../../core/types.ts';
import type { MergeRule, PlayedIncident, Step } from '../../incidents/format.ts';
import { attemptsIn } from './attempts.ts';
import { Model } from './model.ts';
import type { RecordedRow } from './rows.ts';
import { settingsIn } from './settings.ts';

const DAY_MS = 86_400_000;
/** Each merge that the record does not have goes as one of those that it has. */
const MERGES_MAX = 20;

type Bead = { readonly id: string; readonly rig: string; readonly at: number; readonly input: Record<string, unknown> };

/** The record as an incident that lasts a day longer, so that what another policy delays comes to its end. */
export function outsideOf(rows: readonly RecordedRow[], patch: PolicyPatch, seed: number): PlayedIncident {
  const from = rows[0]?.at ?? 0;
  const taken = rows.filter(({ rejected }) => rejected === null);
  const births = (machine: string) =>
    taken.filter(({ entity, event }) => entity.machine === machine && event.type === 'xstate.init');
  const beads = births('bead').map(({ entity: { id }, at, event }): Bead => {
    const input = event.input as Record<string, unknown>;
    return { id, rig: String(input.rig), at: at - from, input };
  });
  const [first] = settingsIn(rows, patch);
  return {
    ...{ id: 'history', title: 'a recorded history', story: 'a recorded history', source: [] },
    policy: first?.policy ?? {},
    agents: births('agent').map(({ entity, event }) => ({ id: entity.id, rig: String(inputOf(event).rig) })),
    rigs: births('rig').map(({ entity, event }) => {
      const { merge, test, argv } = inputOf(event).config as unknown as RigConfig;
      return { id: entity.id, merge, test: [...test], argv: [...argv] };
    }),
    beads: [],
    script: [
      ...answers(taken, beads, seed),
      ...arrivals(beads),
      ...people(taken, patch, from),
      ...host(taken, from),
    ].sort((a, b) => a.at - b.at),
    until: (rows.at(-1)?.at ?? from) - from + DAY_MS,
    expect: [],
  };
}

const inputOf = (event: RecordedRow['event']) => event.input as Record<string, unknown>;
const step = (at: number, said: Partial<Step>): Step => ({ at, commutes: false, refused: false, ...said });

function answers(rows: readonly RecordedRow[], beads: readonly Bead[], seed: number): readonly Step[] {
  const attempts = attemptsIn(rows);
  const model = new Model(attempts, seed);
  const rules = beads.map((bead) =>
    model.rulesOf(
      bead,
      attempts.filter((attempt) => attempt.bead === bead.id),
    ),
  );
  const merges = mergesOf(rows, new Map(beads.map(({ id, rig }) => [id, rig])));
  const spare =
    merges.length === 0 ? [] : Array.from({ length: MERGES_MAX }, (_, index) => merges[index % merges.length]);
  const drawn = beads.flatMap(({ id }) => spare.flatMap((rule) => (rule ? [{ ...rule, bead: id }] : [])));
  const all = [...merges, ...drawn];
  return [
    step(0, { starts: rules.flatMap(({ starts }) => starts) }),
    step(0, { runs: rules.flatMap(({ runs }) => runs) }),
    ...(all.length > 0 ? [step(0, { merges: all })] : []),
  ];
}

/** Merges of a rig go one after another: one takes from when it could begin, which is after the one before. */
function mergesOf(rows: readonly RecordedRow[], rigs: ReadonlyMap<string, string>): readonly MergeRule[] {
  const asked = new Map<string, number>();
  const free = new Map<string, number>();
  return rows.flatMap(({ entity: { machine, id: bead }, event, at, before, after }): readonly MergeRule[] => {
    if (machine !== 'bead') return [];
    const rig = rigs.get(bead) ?? '';
    const takes = at - Math.max(asked.get(bead) ?? at, free.get(rig) ?? 0);
    if (before !== after && after === 'in_progress.inReview.merging') asked.set(bead, at);
    if (!event.type.startsWith('effect.merge.')) return [];
    free.set(rig, at);
    if (event.type.endsWith('.unanswered')) return [{ bead, first: 1, answer: 'never' }];
    const { kind } = (event.result ?? { kind: 'refused' }) as { kind: MergeRule['answer'] };
    return [{ bead, first: 1, answer: kind, takes }];
  });
}

function arrivals(beads: readonly Bead[]): readonly Step[] {
  const byTime = new Map<number, Bead[]>();
  for (const bead of beads) byTime.set(bead.at, [...(byTime.get(bead.at) ?? []), bead]);
  return [...byTime].map(([at, together]) =>
    step(at, {
      beads: together.map(({ id, rig, input }) => ({
        ...{ id, rig, title: String(input.title), priority: Number(input.priority) },
        ...{ dependsOn: input.dependsOn as string[], held: input.held === true, policy: input.limits as object },
      })),
    }),
  );
}

/** Commands of people at their times. Settings of the other policy stand above what they set. */
function people(rows: readonly RecordedRow[], patch: PolicyPatch, from: number): readonly Step[] {
  const settings = settingsIn(rows, patch);
  return rows
    .filter(({ by, event }) => by.startsWith('operator') && event.type !== 'xstate.init')
    .map(({ entity, event: { type, ...fields }, at, seq }) => {
      if (entity.machine === 'rig' && type === 'CONFIGURE') {
        const { merge, test, argv } = fields.config as unknown as RigConfig;
        return step(at - from, { rig: { id: entity.id, merge, test: [...test], argv: [...argv] } });
      }
      if (entity.machine !== 'town') return step(at - from, { send: { to: refText(entity), event: type, ...fields } });
      const index = settings.findIndex((one) => one.from === seq);
      const [before, after] = [settings[index - 1]?.policy ?? {}, settings[index]?.policy ?? {}];
      return step(at - from, { policy: difference(before, after) });
    });
}

function difference(before: PolicyPatch, after: PolicyPatch): PolicyPatch {
  return Object.fromEntries(
    Object.entries(after).filter(
      ([name, value]) => stableText(before[name as keyof PolicyPatch]) !== stableText(value),
    ),
  );
}

/** The container that hosted most runs: the model has one. */
function busiestIn(rows: readonly RecordedRow[]): string | null {
  const placed = new Map<string, number>();
  for (const { entity, event } of rows) {
    if (event.type === 'PLACE') placed.set(entity.id, (placed.get(entity.id) ?? 0) + 1);
  }
  const [busiest] = [...placed].sort(([, one], [, other]) => other - one);
  return busiest?.[0] ?? null;
}

/** Restarts of the container, and the times at which it did not answer. */
function host(rows: readonly RecordedRow[], from: number): readonly Step[] {
  const steps: Step[] = [];
  let incarnation: string | null = null;
  let isAway = false;
  const busiest = busiestIn(rows);
  for (const { entity, event, at } of rows) {
    if (entity.machine !== 'container' || entity.id !== busiest) continue;
    const seen = (event.result as { incarnation?: string } | undefined)?.incarnation ?? event.incarnation;
    if (typeof seen === 'string') {
      if (incarnation !== null && seen !== incarnation) steps.push(step(at - from, { renew: 'as recorded' }));
      incarnation = seen;
    }
    const misses = /^effect\.checkHealth\.(refused|unanswered)$/.test(event.type);
    const answers = typeof seen === 'string' || event.type === 'effect.checkHealth.succeeded';
    if ((misses && !isAway) || (answers && isAway)) {
      isAway = misses;
      steps.push(step(at - from, { health: misses ? 'miss' : 'ok' }));
    }
  }
  return steps;
}
