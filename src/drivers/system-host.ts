/**
 * The host of drivers in a process of its own: real programs, files and connections. It hands output on as it comes;
 * masking and sweeping what a run leaves behind are the supervisor's, which knows the secrets and the marker.
 */
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Env } from '../env/env.ts';
import type { DriverHost, DriverProcess, LineListener, ProcessEnd, SpawnOrder } from './host.ts';
import { createLineCutter } from './lines.ts';

/** What the supervisor of a run adds. */
export type HostParts = Pick<DriverHost, 'environment' | 'emit' | 'log' | 'workState' | 'onPerson'>;

export function createSystemHost(env: Env, parts: HostParts): DriverHost {
  return {
    ...parts,
    now: () => env.clock.now(),
    after(ms, call) {
      const alarm = env.clock.at(env.clock.now() + ms, call);
      return () => alarm.cancel();
    },
    hex: (length) => env.hex(length),
    spawn: startProcess,
    fetch: (url, init) => fetch(url, init),
    readFile: (path) => readFile(path, 'utf8').catch(() => null),
    async writeFile(path, text) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, text, { mode: 0o600 });
    },
  };
}

/** A process in a group of its own, so that a signal reaches what it started, too. */
function startProcess(order: SpawnOrder): DriverProcess {
  const [program = '', ...rest] = order.argv;
  const child = spawn(program, rest, {
    cwd: order.directory,
    env: order.environment,
    detached: true,
    shell: false,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  if (order.input !== null) child.stdin.end(order.input);
  let listener: LineListener | null = null;
  const kept: Parameters<LineListener>[] = [];
  const hear: LineListener = (line, from) => {
    if (listener === null) kept.push([line, from]);
    else listener(line, from);
  };
  const streams = [follow(child.stdout, 'output', hear), follow(child.stderr, 'error', hear)];
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, failure: error.code ?? error.message });
    });
    child.on('exit', (code, signal) => {
      drain(streams).then(() => resolve({ code, signal }));
    });
  });
  return {
    write: (text) => void child.stdin.write(text),
    closeInput: () => void child.stdin.end(),
    onLine(call) {
      listener = call;
      for (const [line, from] of kept.splice(0)) call(line, from);
    },
    ended,
    kill(signal) {
      // After its end the number may be another group's.
      const ended = child.exitCode !== null || child.signalCode !== null;
      if (child.pid === undefined || ended) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        // It ended in between.
      }
    },
  };
}

type Followed = { readonly stream: Readable; arrived: number; end(): void };

function follow(stream: Readable, from: 'output' | 'error', hear: LineListener): Followed {
  const cutter = createLineCutter((line) => hear(line, from));
  const followed: Followed = { stream, arrived: 0, end: cutter.end };
  stream.setEncoding('utf8');
  stream.on('error', () => {});
  stream.on('data', (text: string) => {
    followed.arrived += 1;
    cutter.push(text);
  });
  return followed;
}

/** Reads what is still in the pipes, and then lets go, even if a stranger holds them. */
async function drain(streams: readonly Followed[]): Promise<void> {
  const arrived = () => streams.reduce((sum, stream) => sum + stream.arrived, 0);
  for (let quiet = 0; quiet < 3 && streams.some(({ stream }) => !stream.closed); ) {
    const before = arrived();
    await nextTurn();
    quiet = arrived() === before ? quiet + 1 : 0;
  }
  for (const { stream, end } of streams) {
    stream.destroy();
    end();
  }
}
