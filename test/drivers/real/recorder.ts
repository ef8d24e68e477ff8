/**
 * Writes down all that a driver sees of a real runtime, so that it can be played back without one: lines, answers,
 * events, each with its time. Paths, ports and ids of this machine are replaced, long texts cut.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DriverHost, DriverProcess, SpawnOrder } from '../../../src/drivers/host.ts';
import { parseObject, textAt } from '../../../src/drivers/json.ts';
import { createLineCutter } from '../../../src/drivers/lines.ts';
import type { RunRequest } from '../../../src/drivers/port.ts';
import type { Moment, Sight } from '../recording.ts';
import type { Case } from './cases.ts';
import { isRead, lean, leanLine, repeats } from './lean.ts';
import type { Place } from './place.ts';

type Masks = { readonly place: Place; readonly request: RunRequest; readonly mcp: string; readonly stop: AbortSignal };

export type Recorder = { readonly host: DriverHost; write(runtime: string, each: Case): void };

export function createRecorder(plain: DriverHost, masks: Masks): Recorder {
  const moments: Moment[] = [];
  const began = plain.now();
  let processes = 0;
  let drawn = 0;
  const add = (seen: Sight) => {
    const sight = mask(seen, masks);
    if (!repeats(moments.at(-1), sight)) moments.push({ at: plain.now() - began, ...sight });
  };
  masks.stop.addEventListener('abort', () => add({ kind: 'stop' }));
  const host: DriverHost = {
    ...plain,
    hex(length) {
      drawn += 1;
      return String(drawn).padStart(length, '0');
    },
    async workState() {
      const state = await plain.workState();
      add({ kind: 'work', state });
      return state;
    },
    spawn(order: SpawnOrder): DriverProcess {
      processes += 1;
      const id = processes;
      const child = plain.spawn(order);
      add({ kind: 'spawn', process: id });
      child.ended.then((end) => add({ kind: 'exit', process: id, end }));
      return {
        ...child,
        closeInput() {
          add({ kind: 'end', process: id });
          child.closeInput();
        },
        kill(signal) {
          add({ kind: 'end', process: id });
          child.kill(signal);
        },
        onLine: (listener) =>
          child.onLine((line, from) => {
            add({ kind: 'line', process: id, from, line: leanLine(line) });
            listener(line, from);
          }),
      };
    },
    async fetch(url, init) {
      const path = new URL(url).pathname;
      const response = await plain.fetch(url, init).catch((thrown: unknown) => {
        add({ kind: 'refused', path });
        throw thrown;
      });
      if (path === '/event') return recordEvents(response, (data) => add({ kind: 'event', data }));
      const text = await response.text();
      const prompt = textAt(parseObject(String(init?.body ?? '')), 'messageID');
      add({
        kind: 'answer',
        method: init?.method ?? 'GET',
        path,
        status: response.status,
        body: leanLine(text),
        prompt,
      });
      return new Response(text === '' ? null : text, { status: response.status });
    },
  };
  return {
    host,
    write(runtime, each) {
      const name = `${runtime}-${each.name}`.replaceAll(/\W+/g, '-');
      const path = fileURLToPath(new URL(`../recordings/${name}.jsonl`, import.meta.url));
      writeFileSync(path, `${moments.map((moment) => JSON.stringify(moment)).join('\n')}\n`);
    },
  };
}

function recordEvents(response: Response, add: (data: unknown) => void): Response {
  const decoder = new TextDecoder();
  const cutter = createLineCutter((line) => {
    const event = line.startsWith('data:') ? parseObject(line.slice(5)) : null;
    if (event !== null && isRead(event)) add(lean(event));
  });
  const transform = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      cutter.push(decoder.decode(chunk, { stream: true }));
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body?.pipeThrough(transform) ?? null, { status: response.status });
}

/** What names this machine, replaced. */
function mask(sight: Sight, { place, request, mcp }: Masks): Sight {
  const program = request.profile.program[0] ?? '';
  const url = request.profile.gateway?.url ?? '';
  const pairs: [string, string][] = [
    [place.root, '/town'],
    [place.marker, 'town/agent/1'],
    [program, '/programs/runtime'],
    [url === '' ? '' : new URL(url).origin, 'http://gateway.test'],
    [new URL(mcp).origin, 'http://town.test'],
  ];
  let result = JSON.stringify(sight);
  for (const [from, to] of pairs) if (from !== '') result = result.replaceAll(from, to);
  return JSON.parse(result.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:4096')) as Sight;
}
