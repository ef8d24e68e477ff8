/** A real town for a trial: the program of the command line in a process of its own, a repository, a key, one agent. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { proxyEnvironment } from './place.ts';
import { type ProfileParts, profileOf, type Runtime } from './runtimes.ts';

export const CLI = fileURLToPath(new URL('../../../dist/src/cli.js', import.meta.url));

/** What the lives of one town share. */
export type Site = {
  /** Everything is below it: town, repository, homes. */
  readonly root: string;
  readonly repository: string;
  /** Holds the gateway's key. */
  readonly keyFile: string;
  /** Words of the command line that say how the agent works. */
  readonly agent: readonly string[];
};

/** A program of ours that listens, or that works for one that does. */
export type Running = { readonly process: ChildProcess; readonly said: () => string };

export type Town = Running & { readonly url: string; readonly token: string };

export type AgentParts = {
  readonly runtime: Runtime;
  readonly program: string;
  readonly parts: ProfileParts;
  readonly proxy: string;
};

/** How a rig is told to work with that runtime. */
export function agentWords({ runtime, program, parts, proxy }: AgentParts): readonly string[] {
  const profile = profileOf(runtime, program, parts);
  const words = ['--runtime', runtime.driver, '--program', profile.program.join(' ')];
  if (profile.gateway) words.push('--gateway', `${profile.gateway.api}=${profile.gateway.url}`);
  if (profile.model) words.push('--model', profile.model);
  const variables = Object.entries({ ...proxyEnvironment(proxy), ...profile.environment });
  return [...words, ...variables.flatMap(([name, value]) => ['--env', `${name}=${value}`])];
}

/** What is quick in a trial and slow in life. */
const HASTE = ['backoffMs=[1000]', 'recycleMs=500', 'rigLookMs=2s'].flatMap((setting) => ['--set', setting]);

/** Opens the town, or opens it again at its old address. */
export async function openTown(site: Site, words: readonly string[], port = '0'): Promise<Town> {
  const data = join(site.root, 'data');
  const { process, said, found } = await begin(site, /is at (\S+)/, [
    ...['up', '--data', data, '--port', port, '--repo', site.repository, '--agents', '1', ...site.agent],
    ...['--key', `file:${site.keyFile}`, ...HASTE, ...words],
  ]);
  return { process, said, url: found, token: readFileSync(join(data, 'operator.token'), 'utf8').trim() };
}

/** Starts the runner of the town, or starts it again. */
export async function openRunner(site: Site, { url }: Town): Promise<Running> {
  const token = join(site.root, 'runner.token');
  if (!existsSync(token)) {
    await end(await begin(site, /is in/, ['runner-token', 'r1', '--data', join(site.root, 'data'), '--write', token]));
  }
  const words = ['runner', '--town', url, '--token-file', token, '--id', 'r1', '--dir', join(site.root, 'runner')];
  return begin(site, /\w/, words);
}

/** Starts a command of ours, and waits until it has said what `ready` finds. */
export async function begin(
  { root }: Site,
  ready: RegExp,
  words: readonly string[],
): Promise<Running & { found: string }> {
  const env = { PATH: process.env.PATH ?? '', HOME: root };
  const child = spawn(process.execPath, [CLI, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const found = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (more: string) => {
        text += more;
        const match = ready.exec(text);
        if (match) resolve(match[1] ?? match[0]);
      });
    }
    child.on('close', () => reject(new Error(`yardmaster ${words[0]} ended before it was ready: ${text}`)));
  });
  return { process: child, said: () => text, found };
}

/** Asks it to end, and waits until it has. */
export async function end({ process: child }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.on('close', resolve));
  child.kill('SIGTERM');
  await closed;
}

export type Attempt = { readonly outcome: string | null; readonly reason: string | null };

/** The parts of the town's answers that trials look at. */
export type Answer = {
  readonly state: string;
  readonly substate: string;
  readonly context: { readonly reason?: string | null };
  /** Newest first. */
  readonly attempts: readonly Attempt[];
  readonly items: readonly { readonly id: string; readonly state: string }[];
};

export async function call({ url, token }: Town, method: string, path: string, body?: object): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const said = (await answer.json()) as Answer;
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(said)}`);
  return said;
}
