/** One case of one runtime, through its driver: the script at the gateway, what happens midway, and how it ended. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DriverHost } from '../../../src/drivers/host.ts';
import type { Ended, RunRequest } from '../../../src/drivers/port.ts';
import { drivers } from '../../../src/drivers/registry.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { TownMcp } from '../../gateway/town-mcp.ts';
import { type Case, differs } from './cases.ts';
import { commits, createPlainHost, makePlace, type Place, removePlace, running, sweep } from './place.ts';
import { createRecorder } from './recorder.ts';
import { GOOD, profileOf, type Runtime } from './runtimes.ts';

/** What all cases share. */
export type Stage = {
  readonly gateway: Gateway;
  readonly mcp: TownMcp;
  readonly record: boolean;
  /** Takes what is of interest to who looks closely. */
  readonly say: (text: string) => void;
};

export type Trial = { readonly runtime: Runtime; readonly program: string };

/** `cell` is for the table: how it ended. */
export type Result = { readonly ok: boolean; readonly cell: string; readonly reason: string };

/** What the driver finds out before a first run, with a gateway that is well. */
export async function probe({ gateway }: Stage, { runtime, program }: Trial): Promise<{ ok: boolean; text: string }> {
  const place = makePlace(`${runtime.name}-probe`);
  const url = gateway.play('probe', [{ kind: 'say', text: 'Yes.' }]);
  const ignore = () => {};
  const host = createPlainHost({ place, proxy: gateway.proxy, reported: () => false, say: ignore });
  const readiness = await drivers[runtime.driver].probe(profileOf(runtime, program, { url, ...GOOD }), host);
  removePlace(place);
  return { ok: readiness.ready, text: JSON.stringify(readiness) };
}

export async function throughDriver(stage: Stage, { runtime, program }: Trial, each: Case): Promise<Result> {
  const script = `${runtime.name}-${each.name}`.replaceAll(/\W+/g, '-');
  const place = makePlace(script);
  const url = stage.gateway.play(script, each.replies);
  const profile = profileOf(runtime, program, { url, ...GOOD, ...each.parts });
  const request: RunRequest = {
    profile: { ...profile, limits: { ...profile.limits, ...each.limits } },
    directory: place.worktree,
    home: place.home,
    title: 'Make it',
    prompt: 'Make the file made.txt and commit it.',
    earlier: null,
    mcp: { url: stage.mcp.url, token: each.token ?? `run-${script}` },
  };
  const driven = await drive(stage, { place, request, script, each, runtime });
  const left = await sweep(place);
  const { ended } = driven;
  const wrong = differs(runtime.name, each, { ...driven, commits: commits(place), left });
  removePlace(place);
  const got = ended.outcome === 'failed' ? ended.failure : ended.outcome;
  const reason = ended.outcome === 'failed' ? ended.reason.replaceAll(place.root, '') : '';
  return { ok: wrong === null, cell: wrong ?? got, reason };
}

type Drive = { place: Place; request: RunRequest; script: string; each: Case; runtime: Runtime };

async function drive(stage: Stage, { place, request, script, each, runtime }: Drive) {
  const reported = () => stage.mcp.done.has(`run-${script}`);
  const plain = createPlainHost({ place, proxy: stage.gateway.proxy, reported, say: stage.say });
  const stop = new AbortController();
  const masks = { place, request, mcp: stage.mcp.url, stop: stop.signal };
  const recorder = stage.record && each.midway !== 'kill driver' ? createRecorder(plain, masks) : null;
  const host: DriverHost = recorder?.host ?? plain;
  if (each.midway === 'kill driver') await driveAndDie(stage.gateway, { place, request, script });
  const happens = each.midway === undefined ? null : interfere(stage.gateway, { place, script, stop, each });
  const ended: Ended = await drivers[runtime.driver].run(request, host, stop.signal);
  await happens;
  recorder?.write(runtime.name, each);
  const has = (wanted: string) => plain.events.some(({ kind }) => kind === wanted);
  return { ended, throttled: has('throttled'), asked: has('waiting') };
}

/** Waits until the agent runs its first tool, then does to it what the case says. */
async function interfere(gateway: Gateway, at: { place: Place; script: string; stop: AbortController; each: Case }) {
  if (at.each.midway === 'kill driver') return;
  await gateway.reached(at.script, 1);
  await toolRuns(at.place);
  if (at.each.midway === 'stop') return at.stop.abort();
  const [first] = running(at.place);
  if (first !== undefined) process.kill(first, 'SIGKILL');
}

/** The tool is a child of the runtime; look for it now and then. */
async function toolRuns(place: Place): Promise<void> {
  for (let looks = 0; looks < 200 && running(place).length < 2; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The first half of a run, in a process that is killed with -9 while the agent works. */
async function driveAndDie(gateway: Gateway, at: { place: Place; request: RunRequest; script: string }): Promise<void> {
  const program = fileURLToPath(new URL('./drive.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program], { stdio: ['pipe', 'inherit', 'inherit'] });
  child.stdin.end(JSON.stringify({ place: at.place, request: at.request, proxy: gateway.proxy }));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  await gateway.reached(at.script, 1);
  await toolRuns(at.place);
  child.kill('SIGKILL');
  await ended;
}
