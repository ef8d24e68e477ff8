/**
 * What a later supervisor of the same run needs to take up a server that goes on without its first one. It is kept
 * in the agent's own home, in a file of mode 0600: the password in it opens this one server, on loopback, while it
 * lives.
 */
import type { DriverHost } from '../host.ts';
import { parseObject, textAt } from '../json.ts';
import type { RunRequest } from '../port.ts';
import { ServeClient, type ServerAddress } from './client.ts';

export type Attachment = ServerAddress & {
  /** The run's marker: a server of another run is never taken up. */
  readonly run: string;
  readonly session: string;
  /** The message of the prompt that was sent last; empty: none was. */
  readonly promptId: string;
};

const path = ({ home }: RunRequest) => `${home}/.yardmaster/serve.json`;

/** Names the run among all runs that ever used this home. Empty: the run is not marked, and nothing is taken up. */
export function runMarker(host: DriverHost): string {
  return host.environment.YARDMASTER_RUN ?? '';
}

export function keepAttachment(host: DriverHost, request: RunRequest, attachment: Attachment): Promise<void> {
  return host.writeFile(path(request), JSON.stringify(attachment));
}

/** The server of this very run, if it still answers; else null. */
export async function findAttachment(host: DriverHost, request: RunRequest): Promise<Attachment | null> {
  const kept = parseObject((await host.readFile(path(request))) ?? '');
  const run = textAt(kept, 'run');
  if (kept === null || run === '' || run !== runMarker(host)) return null;
  const address = { url: textAt(kept, 'url'), username: textAt(kept, 'username'), password: textAt(kept, 'password') };
  if (!(await new ServeClient(host, address, request.directory).healthy())) return null;
  return { ...address, run, session: textAt(kept, 'session'), promptId: textAt(kept, 'promptId') };
}
