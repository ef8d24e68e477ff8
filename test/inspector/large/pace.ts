/**
 * How long each question takes on a large database, and how long the process stands still meanwhile. Time of the
 * processor is measured beside time on the wall: it says the same on a machine that has other work to do.
 */
import { createEngine, type Engine } from '../../../src/engine/engine.ts';
import type { Env } from '../../../src/env/env.ts';
import { createSystemEnv } from '../../../src/env/system.ts';
import { inspector } from '../../../src/inspector/mount.ts';
import { openMemory } from '../../../src/store/memory.ts';
import { job, jobDescription } from '../jobs.ts';
import { makeLarge, type Size } from './fixture.ts';
import { processorMs, quiet } from './processor.ts';

export type Pace = {
  readonly question: string;
  /** The first answer, and all but one of a hundred of the later ones: on the wall, and of the processor. */
  readonly first: Span;
  readonly later: Span;
  /** Time of the processor of the longest stretch in which nothing else had its turn. */
  readonly stall: { readonly firstMs: number; readonly laterMs: number };
};
export type Span = { readonly wallMs: number; readonly cpuMs: number };

/** What an answer may take of the processor, and one stretch of its work. */
export const ANSWER_MS = 100;
export const STALL_MS = 20;

const NEVER = { build: { run: () => new Promise<never>(() => undefined) } };
const HOST = 'http://localhost:1/api/';

export const questions: readonly string[] = [
  'overview',
  'machines/job',
  'machines/job/heat',
  'machines/job/here?state=closed',
  'machines/job/here?state=working&sort=next',
  'machines/job/here?state=open&sort=title&filter=part%201',
  'machines/job/here?state=failed&sort=attempts',
  `machines/job/edges?edge=${encodeURIComponent('open.ready -GO-> working')}`,
  'entities/job/job-5',
  'entities/job/job-5/history?limit=200',
  'timers',
  ...['running', 'due', 'waiting', 'stuck', 'settled'].map((group) => `outbox?group=${group}`),
  'breakers',
  'log',
  'log?entity=job/job-7',
  'log?machine=job&event=BEAT',
  'log?text=rare',
  'log?text=there-is-none-of-this',
  'log?by=nobody',
  'log?rejected=true',
  'metrics',
  'search?q=part%2077',
];

/** Asks each question `times` times; before each, something happens to an entity. */
export async function measure(file: string, size: Size, times: number): Promise<readonly Pace[]> {
  const env = createSystemEnv();
  makeLarge(file, env, size);
  const paces: Pace[] = [];
  await firstRequest(env);
  for (const question of [...questions, `entities/job/job-5/at/${size.rows}`]) {
    // Each in a process that has just begun, as far as its caches go.
    await using engine = createEngine({ machines: { job }, file, env, effects: NEVER, limits: { graceMs: 1 } });
    await engine.start();
    paces.push(await paceOf(env, engine as unknown as Engine, { question, times }));
  }
  return paces;
}

/** What a process loads for its very first request is not the inspector's; and a thread of its own lays charts out. */
async function firstRequest(env: Env): Promise<void> {
  await using engine = createEngine({ machines: { job }, store: openMemory({ env }), env, effects: NEVER });
  await engine.start();
  for (const direction of ['down', 'right']) {
    const answer = await inspector(engine).request(`${HOST}machines/job/layout?direction=${direction}`);
    await answer.text();
  }
}

type Asking = { readonly question: string; readonly times: number };

async function paceOf(env: Env, engine: Engine, { question, times }: Asking): Promise<Pace> {
  const app = inspector(engine, { machines: [jobDescription] });
  const spans: Span[] = [];
  const stalls: number[] = [];
  for (let time = 0; time < times; time += 1) {
    await quiet(env);
    await engine.deliver({ to: { machine: 'job', id: 'job-11' }, event: { type: 'RESET' }, by: 'bench' });
    const start = process.hrtime.bigint();
    const before = processorMs();
    const turns = watchTurns();
    const answer = await app.request(`${HOST}${question}`);
    await answer.text();
    stalls.push(turns.stop());
    spans.push({ wallMs: Number(process.hrtime.bigint() - start) / 1e6, cpuMs: processorMs() - before });
  }
  const [first = { wallMs: 0, cpuMs: 0 }, ...rest] = spans;
  const later = { wallMs: p99(rest.map(({ wallMs }) => wallMs)), cpuMs: p99(rest.map(({ cpuMs }) => cpuMs)) };
  const [firstMs = 0, ...others] = stalls;
  return { question, first, later, stall: { firstMs, laterMs: p99(others) } };
}

/** Measures the longest turn of the event loop until it is stopped. */
function watchTurns(): { stop(): number } {
  let longest = 0;
  let before = processorMs();
  let isOver = false;
  const turn = () => {
    longest = Math.max(longest, processorMs() - before);
    before = processorMs();
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    stop: () => {
      isOver = true;
      turn();
      return longest;
    },
  };
}

function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}

/** What is beyond the bounds, in words; empty when all is well. `stallMs`: how long one stretch of work may be. */
export function tooMuch({ first, later, stall }: Pace, stallMs = STALL_MS): string {
  return [
    first.cpuMs > ANSWER_MS && `the first answer takes more than ${ANSWER_MS} ms`,
    later.cpuMs > ANSWER_MS && `an answer takes more than ${ANSWER_MS} ms`,
    Math.max(stall.firstMs, stall.laterMs) > stallMs && `others wait more than ${stallMs} ms`,
  ]
    .filter(Boolean)
    .join(', ');
}

const heads = ['first wall', 'first cpu', 'p99 wall', 'p99 cpu', 'first turn', 'p99 turn'];

/** A table in milliseconds, with a verdict on each question, judged by time of the processor. */
export function paceText(paces: readonly Pace[]): string {
  const line = (pace: Pace) => {
    const { question, first, later, stall } = pace;
    const figures = [first.wallMs, first.cpuMs, later.wallMs, later.cpuMs, stall.firstMs, stall.laterMs];
    const columns = figures.map((ms, index) => ms.toFixed(1).padStart(heads[index]?.length ?? 0));
    return `${columns.join('  ')}  ${tooMuch(pace) ? 'NO' : 'ok'}  ${decodeURIComponent(question)}`;
  };
  const beyond = paces.filter((pace) => tooMuch(pace));
  const verdict =
    beyond.length === 0
      ? `Every answer takes up to ${ANSWER_MS} ms of the processor, in turns of up to ${STALL_MS} ms.`
      : beyond.map((pace) => `${decodeURIComponent(pace.question)}: ${tooMuch(pace)}.`).join('\n');
  return `${[heads.join('  '), ...paces.map(line), '', verdict].join('\n')}\n`;
}
