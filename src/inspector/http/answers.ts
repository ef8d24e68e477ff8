/** Every question that the pages ask, by its path below `api/`: one table for requests and for the first paint. */
import { Refused } from '../../core/errors.ts';
import { type EntityRef, parseRef, type Seq } from '../../core/types.ts';
import type { LogQuery } from '../contract.ts';
import { breakersView } from '../project/breakers.ts';
import { outboxView, timersView } from '../project/clockwork.ts';
import { edgeView } from '../project/edge.ts';
import { entityPage, history } from '../project/entity.ts';
import { heat } from '../project/heat.ts';
import { here } from '../project/here.ts';
import type { Inspection, Viewer } from '../project/inspection.ts';
import { causeTree, logView } from '../project/log.ts';
import { laidOut, machineView } from '../project/machine-view.ts';
import { metrics } from '../project/metrics.ts';
import { overview } from '../project/overview.ts';
import { search } from '../project/search.ts';

type Question = { readonly parts: readonly string[]; readonly query: URLSearchParams; readonly viewer: Viewer };
type Answering = (inspection: Inspection, question: Question) => unknown;

/** Text of the query, absent when it is empty. */
function textOf(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}

/** Refused `invalid` for what is no whole number. */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = textOf(query, name);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Refused('invalid', `"${name}" is a whole number, not "${text}"`, { name });
}

function seqOf(text: string | undefined): Seq {
  const seq = Number(text);
  if (Number.isSafeInteger(seq) && seq >= 1) return seq;
  throw new Refused('invalid', `"${text}" is no position of the log: positions are 1, 2, 3, …`);
}

export function logQueryOf(query: URLSearchParams): LogQuery {
  const entity = textOf(query, 'entity');
  if (entity !== undefined && parseRef(entity).id === '') {
    throw new Refused('invalid', `"${entity}" names no entity: write machine/id`, { entity });
  }
  const rejected = textOf(query, 'rejected');
  const until = numberOf(query, 'until');
  return {
    ...{ machine: textOf(query, 'machine'), entity, event: textOf(query, 'event') },
    ...{ by: textOf(query, 'by'), text: textOf(query, 'text') },
    ...(rejected !== undefined && { rejected: rejected === 'true' || rejected === '1' }),
    ...(until !== undefined && { until }),
  };
}

/** `/machines/m`, `/entities/m/id`: the machine, and the id. */
const machineIn = ({ parts }: Question) => parts[1] ?? '';
const entityIn = ({ parts }: Question): EntityRef => ({ machine: parts[1] ?? '', id: parts[2] ?? '' });

/** Null: it can not be laid out here, and its outline is shown. */
function layout(inspection: Inspection, question: Question): Promise<unknown> {
  const { query } = question;
  const collapsed = query.get('collapsed');
  const direction = query.get('direction') === 'right' ? ('right' as const) : ('down' as const);
  const machine = inspection.machines.get(machineIn(question));
  const wish = { direction, ...(collapsed !== null && { collapsed: collapsed.split(',').filter(Boolean) }) };
  return laidOut(machine, wish);
}

function hereOf(inspection: Inspection, question: Question): unknown {
  const { query, viewer } = question;
  const text = (name: string) => textOf(query, name);
  const asked = { sort: text('sort'), filter: text('filter'), after: text('after') };
  return here(inspection, viewer, { machine: machineIn(question), state: text('state') ?? '', ...asked });
}

function edgeOf(inspection: Inspection, question: Question): unknown {
  return edgeView(inspection, machineIn(question), textOf(question.query, 'edge') ?? '');
}

function historyOf(inspection: Inspection, question: Question): unknown {
  const { query } = question;
  const limit = numberOf(query, 'limit');
  const range = { before: numberOf(query, 'before'), ...(limit !== undefined && { limit: Math.max(1, limit) }) };
  return history(inspection, entityIn(question), range);
}

/** By path: `*` stands for one part. */
const table: readonly (readonly [string, Answering])[] = [
  ['overview', (inspection, { viewer, query }) => overview(inspection, viewer, textOf(query, 'after'))],
  ['machines/*', (inspection, question) => machineView(inspection, machineIn(question))],
  ['machines/*/layout', layout],
  ['machines/*/heat', (inspection, question) => heat(inspection, machineIn(question))],
  ['machines/*/here', hereOf],
  ['machines/*/edges', edgeOf],
  ['entities/*/*', (inspection, question) => entityPage(inspection, question.viewer, entityIn(question))],
  ['entities/*/*/history', historyOf],
  [
    'entities/*/*/at/*',
    (inspection, question) => {
      const { name } = inspection.machines.get(machineIn(question));
      return inspection.moments.at({ ...entityIn(question), machine: name }, seqOf(question.parts[4]));
    },
  ],
  ['timers', (inspection, { query }) => timersView(inspection, textOf(query, 'after'))],
  [
    'outbox',
    (inspection, { viewer, query }) =>
      outboxView(inspection, viewer, { group: textOf(query, 'group'), after: textOf(query, 'after') }),
  ],
  ['breakers', (inspection, { viewer }) => breakersView(inspection, viewer)],
  ['log', (inspection, { query }) => logView(inspection, logQueryOf(query), numberOf(query, 'before'))],
  ['log/*/tree', (inspection, { parts }) => causeTree(inspection, seqOf(parts[1]))],
  [
    'metrics',
    (inspection, { query }) => metrics(inspection, { from: numberOf(query, 'from'), to: numberOf(query, 'to') }),
  ],
  ['search', (inspection, { query }) => search(inspection, query.get('q') ?? '')],
];

const routes = table.map(([pattern, answering]) => ({ pattern: pattern.split('/'), answering }));

/** Answers that are the same for everybody who may do the same, used again while nothing happened. */
const FRESH_MS = 1_000;
const KEPT_MAX = 200;
/** How long after the first question the process begins to read what it was not asked for yet. */
const WARM_MS = 300;

export class Answers {
  readonly #inspection: Inspection;
  readonly #kept = new Map<string, { readonly seq: Seq; readonly at: number; readonly value: Promise<unknown> }>();

  #isWarm = false;

  constructor(inspection: Inspection) {
    this.#inspection = inspection;
  }

  /** `path`: below `api/`, with its query. Rejects with Refused; `not_found` for a path that is no question. */
  async answer(path: string, viewer: Viewer): Promise<unknown> {
    const [address = '', queryText = ''] = splitOnce(path, '?');
    const parts = address.split('/').map(decoded);
    const route = routes.find(({ pattern }) => fits(pattern, parts));
    if (!route) throw new Refused('not_found', `"${address}" is no question that the inspector answers`, { path });
    const key = `${viewer.access} ${path}`;
    const known = this.#kept.get(key);
    const [seq, at] = [this.#inspection.seq(), this.#inspection.now()];
    if (known && known.seq === seq && at - known.at < FRESH_MS) return known.value;
    const question = { parts, query: new URLSearchParams(queryText), viewer };
    const value = Promise.resolve().then(() => route.answering(this.#inspection, question));
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
    const entry = { seq, at, value };
    this.#kept.set(key, entry);
    value.catch(() => this.#kept.get(key) === entry && this.#kept.delete(key));
    if (!this.#isWarm) this.#warm(at);
    return value;
  }

  /** Soon after the first answer the rest is read that the next ones will need. */
  #warm(now: number): void {
    this.#isWarm = true;
    this.#inspection.source.env.clock.at(now + WARM_MS, () => this.#inspection.warm(), { background: true });
  }
}

function splitOnce(text: string, at: string): readonly string[] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + at.length)];
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  return pattern.length === parts.length && pattern.every((part, index) => part === '*' || part === parts[index]);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refused('invalid', `"${part}" is not written as addresses are`);
  }
}
