/** Opens a town in this process and serves it, so that agents and commands find it; closes it in the right order. */
import { createPolicyCheck } from '../check/approval.ts';
import { Refused } from '../core/errors.ts';
import { inspectorLink } from '../http/inspector.ts';
import { type Served, serveTown } from '../http/serve.ts';
import { loadOrCreateToken } from '../http/token.ts';
import type { Town } from '../town/api.ts';
import type { TownOptions } from '../town/options.ts';
import { createTown } from '../town/town.ts';
import { packageVersion } from './package.ts';
import { files, lastPort, writeAddress } from './places.ts';
import type { Shell } from './shell.ts';

export type OpenOptions = {
  readonly directory: string;
  /** Undefined: the one that the town had last, or any that is free. */
  readonly port?: number;
  /** Where it listens; the loopback when absent. Any other one needs names in `allowedHosts`. */
  readonly host?: string;
  readonly allowedHosts?: readonly string[];
  readonly town: Omit<TownOptions, 'directory' | 'env' | 'environment' | 'checkPolicy' | 'awaitApi'>;
};

export type OpenTown = {
  readonly town: Town;
  readonly url: string;
  /** The address that lets a person into the inspector. */
  readonly link: string;
  close(): Promise<void>;
};

/** Throws Refused `busy` when another process has the town or the port, `invalid` for what `createTown` refuses. */
export async function openTown(shell: Shell, { directory, town: options, ...place }: OpenOptions): Promise<OpenTown> {
  const { env, environment } = shell;
  const checkPolicy = createPolicyCheck();
  const town = await createTown({ ...options, directory, env, environment, checkPolicy, awaitApi: true });
  try {
    const served = await serve(shell, town, { directory, ...place });
    writeAddress(directory, served.url, shell.pid);
    const close = async () => {
      await served.close();
      writeAddress(directory, served.url, null);
      await town[Symbol.asyncDispose]();
    };
    return { town, url: served.url, link: linkTo(shell, directory, served.url), close };
  } catch (thrown) {
    await town[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** The address that lets a person into the inspector of the town that is served there. */
export function linkTo({ env }: Shell, directory: string, url: string): string {
  return inspectorLink(url, { operatorToken: loadOrCreateToken(files.token(directory)), env });
}

async function serve(
  { env, environment }: Shell,
  town: Town,
  { directory, port, ...place }: Omit<OpenOptions, 'town'>,
): Promise<Served> {
  const operatorToken = loadOrCreateToken(files.token(directory));
  const options = { operatorToken, env, environment, version: packageVersion(), ...place };
  if (port !== undefined) return serveTown(town, { ...options, port });
  try {
    return await serveTown(town, { ...options, port: lastPort(directory) ?? 0 });
  } catch (thrown) {
    if (!(thrown instanceof Refused) || thrown.code !== 'busy') throw thrown;
    return serveTown(town, { ...options, port: 0 });
  }
}
