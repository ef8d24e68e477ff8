/** Starts a server and waits until it really answers. */
import { Retryable, Terminal } from '../../core/errors.ts';
import { pause, within } from '../deadline.ts';
import { shorten } from '../failures.ts';
import type { DriverHost, DriverProcess } from '../host.ts';
import type { RunRequest } from '../port.ts';
import { endProcess } from '../process-turn.ts';
import type { Watch } from '../watch.ts';
import { ServeClient, type ServerAddress } from './client.ts';
import type { Flavour } from './flavour.ts';
import { serveEnvironment } from './settings.ts';

/** Many servers that start together on a small machine take half of this. */
const startMs = 90_000;

export type Server = {
  readonly address: ServerAddress;
  readonly client: ServeClient;
  /** Null for a server that an earlier process of ours started. */
  readonly process: DriverProcess | null;
};

/** Rejects with Terminal when the program can not be run, with Retryable when the server does not come up. */
export async function startServer(
  request: RunRequest,
  flavour: Flavour,
  rest: { host: DriverHost; watch: Watch; signal: AbortSignal },
): Promise<Server> {
  const { host, watch, signal } = rest;
  const password = host.hex(48);
  const process = host.spawn({
    argv: [...request.profile.program, 'serve', '--hostname', '127.0.0.1', '--port', '0', ...request.profile.arguments],
    directory: request.directory,
    environment: serveEnvironment(request, flavour, { host, password }),
    input: '',
  });
  const kill = () => process.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    const promise = listening(process, watch, request);
    const late = (): never => {
      throw new Retryable(`${flavour.name} serve did not listen within ${startMs / 1000} s`, 0);
    };
    const url = await within<string>(host, startMs, { promise, late });
    const address = { url, username: flavour.name, password };
    const client = new ServeClient(host, address, request.directory);
    await answering(host, client, signal);
    return { address, client, process };
  } catch (thrown) {
    await endProcess(host, process);
    throw thrown;
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

/** Resolves with the URL when the server says that it listens. What it says goes into the run's last lines. */
function listening(process: DriverProcess, watch: Watch, { profile }: RunRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    let last = '';
    process.onLine((line) => {
      const url = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (url !== undefined) return resolve(url);
      last = line;
      watch.note(line);
    });
    process.ended.then(({ failure, code, signal }) => {
      if (failure !== undefined) {
        const remedy = 'install it, or correct the program of the profile';
        return reject(new Terminal(`${profile.program[0]} can not be started (${failure}): ${remedy}`));
      }
      reject(new Retryable(`the server ended at its start with ${signal ?? `code ${code}`}: ${shorten(last)}`, 0));
    });
  });
}

async function answering(host: DriverHost, client: ServeClient, signal: AbortSignal): Promise<void> {
  const deadline = host.now() + startMs;
  while (host.now() < deadline && !signal.aborted) {
    if (await client.healthy()) return;
    await pause(host, 250, signal);
  }
  throw new Retryable(`the server listens, but did not answer within ${startMs / 1000} s`, 0);
}
