/** W3: one bead by POST, each answered after its commit, and a filtered page by GET; over real sockets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LoadFigures, runLoad } from './load.ts';
import type { Report } from './report.ts';
import { type ServedTown, serveBenchTown, TOKEN } from './serve-town.ts';
import { LABELS } from './town-making.ts';

export type W3Options = {
  readonly folder: string;
  readonly seconds: number;
  readonly connections: number;
  /** Beads that are there before. */
  readonly beads: number;
  /** False: served by this process, which says nothing about how fast. */
  readonly apart: boolean;
};

const WARM_SECONDS = 0.5;

export async function reportW3(report: Report, options: W3Options): Promise<void> {
  const { folder, seconds, connections, beads, apart } = options;
  const directory = join(folder, 'served');
  const { url, close } = await (apart ? serveApart(directory, beads) : serveBenchTown(directory, beads));
  const asks = { post: posting(url), get: getting(url) };
  const run = (request: (n: number) => string, length = seconds) =>
    runLoad({ url, connections, seconds: length, request });
  for (const request of Object.values(asks)) await run(request, Math.min(WARM_SECONDS, seconds));
  const post = await run(asks.post);
  const get = await run(asks.get);
  await close();
  report.section(`W3: HTTP, ${connections} connections, FULL, ${beads.toLocaleString('en-US')} beads before`);
  rows(report, 'POST one bead', { figures: post, wanted: 201, atLeast: 10_000 });
  rows(report, 'GET a page of 50 by label', { figures: get, wanted: 200, atLeast: 6_000 });
}

type Expected = { readonly figures: LoadFigures; readonly wanted: number; readonly atLeast: number };

function rows(report: Report, what: string, { figures, wanted, atLeast }: Expected): void {
  const others = [...figures.statuses].filter(([status]) => status !== wanted);
  report.row(`${what}, /s`, figures.perSecond, { atLeast });
  report.row(`${what}, p50 ms`, figures.p50);
  report.row(`${what}, p99 ms`, figures.p99);
  if (others.length > 0) report.row(`${what}: answers other than ${wanted}`, sum(others), { atMost: 0 });
}

function sum(counts: readonly (readonly [number, number])[]): number {
  return counts.reduce((total, [, count]) => total + count, 0);
}

async function serveApart(directory: string, beads: number): Promise<ServedTown> {
  const script = fileURLToPath(new URL('./serve-town.js', import.meta.url));
  const child = spawn(process.execPath, [script, directory, String(beads)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [printed] = (await once(child.stdout, 'data')) as [Buffer];
  const close = async () => {
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
  };
  return { url: printed.toString('utf8').trim(), close };
}

function headers(url: string): string {
  return `Host: ${new URL(url).host}\r\nAuthorization: Bearer ${TOKEN}\r\n`;
}

function posting(url: string): (n: number) => string {
  const head = `POST /api/v1/beads HTTP/1.1\r\n${headers(url)}Content-Type: application/json\r\n`;
  return (n) => {
    const bead = { title: `Posted bead ${n}`, body: 'Make the parser accept trailing commas.', priority: n % 5 };
    const body = JSON.stringify(bead);
    return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  };
}

function getting(url: string): (n: number) => string {
  const head = headers(url);
  return (n) => `GET /api/v1/beads?label=label-${n % LABELS}&limit=50 HTTP/1.1\r\n${head}\r\n`;
}
