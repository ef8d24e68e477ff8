/** What must be true of a town after every death, read from its files alone; and of the whole yard in the end. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { refText } from '../../src/core/types.ts';
import type { LogRow, Reads } from '../../src/store/port.ts';
import { openSqliteReadOnly } from '../../src/store/sqlite.ts';
import { attemptsAbout } from '../../src/town/attempts.ts';
import { verifyTown } from '../../src/town/verify.ts';
import type { Command } from './load.ts';
import type { Yard } from './yard.ts';

const PAGE = 1_000;
const LIST = 500;

/** Sentences of what is wrong, and how many log rows were read. */
export type Finding = { readonly problems: readonly string[]; readonly rows: number };

/** Opens the dead town's database and asks everything of it. */
export function examine(yard: Yard, commands: readonly Command[]): Finding {
  const file = join(yard.data, 'town.db');
  const { read, close } = openSqliteReadOnly({ file });
  try {
    const rows = wholeLog(read);
    return {
      rows: rows.length,
      problems: [
        ...structure(file),
        ...numbering(rows, read),
        ...commandsIn(rows, commands),
        ...replayed(read),
        ...driven(read),
      ],
    };
  } finally {
    close();
  }
}

function wholeLog(read: Reads): readonly LogRow[] {
  const rows: LogRow[] = [];
  for (;;) {
    const page = read.log({}, { from: rows.at(-1)?.seq ?? 0, limit: PAGE, order: 'asc' });
    rows.push(...page);
    if (page.length < PAGE) return rows;
  }
}

function structure(file: string): readonly string[] {
  const db = new Database(file, { readonly: true });
  try {
    const answer = db.pragma('quick_check', { simple: true });
    const strays = db.pragma('foreign_key_check') as readonly unknown[];
    return [
      ...(answer === 'ok' ? [] : [`the database is damaged: ${String(answer)}`]),
      ...(strays.length === 0 ? [] : [`${strays.length} rows refer to nothing`]),
    ];
  } finally {
    db.close();
  }
}

/** P35: the log is 1, 2, 3, …, and an entity has as many revisions as it took events. */
function numbering(rows: readonly LogRow[], read: Reads): readonly string[] {
  const gap = rows.findIndex(({ seq }, index) => seq !== index + 1);
  const taken = new Map<string, { events: number; heartbeats: number }>();
  for (const { entity, rejected, event } of rows) {
    if (rejected !== null) continue;
    const count = taken.get(refText(entity)) ?? { events: 0, heartbeats: 0 };
    count.events += 1;
    // A lease that was extended is a row now and then, and no revision.
    if (event.type === 'HEARTBEAT') count.heartbeats += 1;
    taken.set(refText(entity), count);
  }
  const torn = [...taken].flatMap(([entity, { events, heartbeats }]) => {
    const [machine = '', ...id] = entity.split('/');
    const rev = read.entity({ machine, id: id.join('/') })?.rev ?? 0;
    if (rev <= events && rev >= events - heartbeats) return [];
    return [`${entity} is at revision ${rev} after ${events} events`];
  });
  return [...(gap < 0 ? [] : [`the log has a gap before row ${rows[gap]?.seq}`]), ...torn];
}

/** Acknowledged is there, at its number; and nothing is there twice. */
function commandsIn(rows: readonly LogRow[], commands: readonly Command[]): readonly string[] {
  const counted = new Map<string, number>();
  for (const { entity, event, rejected } of rows) {
    if (rejected !== null) continue;
    const word = event.type === 'xstate.init' ? entity.id : String(event.reason ?? '');
    const name = `${refText(entity)} ${event.type} ${word}`;
    counted.set(name, (counted.get(name) ?? 0) + 1);
  }
  return commands.flatMap(({ key, entity, type, word, seq }) => {
    const times = counted.get(`${entity} ${type} ${word}`) ?? 0;
    if (times > 1) return [`${key} was done ${times} times`];
    if (seq === null) return [];
    const row = rows[seq - 1];
    if (row && refText(row.entity) === entity && row.event.type === type) return [];
    return [
      `${key} was acknowledged as row ${seq}, which is ${row ? `${refText(row.entity)} ${row.event.type}` : 'lost'}`,
    ];
  });
}

function replayed(read: Reads): readonly string[] {
  const report = verifyTown(read);
  const problems = report.problems.map(({ entity, problem }) => `verify: ${entity}: ${problem}`);
  return report.skipped === 0 ? problems : [...problems, `verify skipped ${report.skipped} rows`];
}

/** P18: whoever works has a timer or an effect that will bring it on. */
function driven(read: Reads): readonly string[] {
  const working = read.entities({ machine: 'agent', state: 'working' }, { limit: LIST }).items;
  return working.flatMap(({ ref, state }) => {
    const effects = read.effects({ entity: ref }, { limit: LIST }).items;
    const isAwaited = effects.some(({ status }) => status === 'pending' || status === 'inflight');
    if (isAwaited || read.timers({ entity: ref }, { limit: 1 }).items.length > 0) return [];
    return [`${refText(ref)} is ${state}, and nothing will bring it on`];
  });
}

export type Lives = {
  /** When the town was killed. */
  readonly deaths: readonly number[];
  /** A start that was on its way when its town died or its state was left may take this long to be a process. */
  readonly slackMs: number;
};

/** What the effects did outside, against the log: asked once, when the town is at rest. */
export function examineOutside(yard: Yard, lives: Lives): readonly string[] {
  const { read, close } = openSqliteReadOnly({ file: join(yard.data, 'town.db') });
  try {
    return [...startsIn(yard, read, lives), ...mergesIn(yard, read)];
  } finally {
    close();
  }
}

/** P38: each epoch has one program at most, and none begins for an epoch that was over. */
function startsIn(yard: Yard, read: Reads, { deaths, slackMs }: Lives): readonly string[] {
  const starts = yard.starts();
  const seen = new Set<string>();
  return starts.flatMap(({ agent, epoch, bead, at }) => {
    const name = `${agent}#${epoch}`;
    if (seen.has(name)) return [`${name} was started twice, for ${bead}`];
    seen.add(name);
    const attempt = attemptsAbout(read, { machine: 'bead', id: bead }, LIST).find(
      (candidate) => candidate.agent === agent && candidate.epoch === epoch,
    );
    if (attempt === undefined) return [`${name} was started for ${bead}, and the town knows nothing of it`];
    const { endedAt } = attempt;
    if (endedAt === null || at <= endedAt + slackMs) return [];
    const death = deaths.find((moment) => moment >= endedAt) ?? endedAt;
    if (at <= death + slackMs && death - endedAt < slackMs) return [];
    return [`${name} was started ${at - endedAt} ms after it was over`];
  });
}

/** Every bead that is closed as merged has one merge in the target branch, and no other bead has any. */
function mergesIn(yard: Yard, read: Reads): readonly string[] {
  const subjects = yard.git('log', '--merges', '--format=%s', 'main').split('\n').filter(Boolean);
  const counted = new Map<string, number>();
  for (const subject of subjects) {
    const bead = /^Merge ([^:]+):/.exec(subject)?.[1] ?? subject;
    counted.set(bead, (counted.get(bead) ?? 0) + 1);
  }
  const merged = new Set<string>();
  for (let after: string | null | undefined; after !== null; ) {
    const page = read.entities({ machine: 'bead', state: 'closed.merged' }, { limit: LIST, ...(after && { after }) });
    for (const { ref } of page.items) merged.add(ref.id);
    after = page.next;
  }
  return [
    ...[...merged]
      .filter((bead) => counted.get(bead) !== 1)
      .map((bead) => `${bead} has ${counted.get(bead) ?? 0} merges`),
    ...[...counted.keys()].filter((bead) => !merged.has(bead)).map((bead) => `${bead} was merged, and is not closed`),
  ];
}
