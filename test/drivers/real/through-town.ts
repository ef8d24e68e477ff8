/**
 * A runtime as the agent of a real town: the program of the command line, a repository, a bead, a driven run, and the
 * merge. Parts of it may be killed in the middle, and what was wrong may be mended. At the end nothing may be left.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRepository } from '../../fixtures/repository.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { GOOD_KEY, MODEL } from '../../gateway/replies.ts';
import { endLeftovers, nothingLeft, processesIn } from './leftovers.ts';
import {
  type Answer,
  agentWords,
  call,
  end,
  openRunner,
  openTown,
  type Running,
  type Site,
  type Town,
} from './town.ts';
import type { Midway, TownCase } from './town-cases.ts';
import type { Result, Stage, Trial } from './trial.ts';

const DEADLINE_MS = 180_000;
const LOOK_MS = 250;
const END_MS = 15_000;

/** One trial while it goes on; the town is another one after it was killed. */
type Scene = {
  readonly site: Site;
  readonly gateway: Gateway;
  readonly script: string;
  readonly program: string;
  readonly each: TownCase;
  town: Town;
  /** Null: the town hosts its agents itself. */
  runner: Running | null;
};

export async function throughTown({ gateway, say }: Stage, trial: Trial, each: TownCase): Promise<Result> {
  const { runtime, program } = trial;
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-town-')));
  const repository = join(root, 'repository');
  makeRepository(repository);
  const script = `town-${runtime.name}-${each.name}`.replaceAll(/\W+/g, '-');
  const url = gateway.play(script, each.replies);
  const { key = GOOD_KEY } = each;
  // Over ACP the agent's own settings name the variable that the town keeps the key in.
  const parts = { url, key: '{env:GATEWAY_KEY}', model: MODEL, permissions: 'allow' } as const;
  const agent = agentWords({ runtime, program, parts, proxy: gateway.proxy });
  const site: Site = { root, repository, keyFile: join(root, 'key'), agent };
  giveKey(site, key ?? GOOD_KEY);
  const town = await openTown(site, wordsOf(each));
  const scene: Scene = { site, gateway, script, program, each, town, runner: null };
  try {
    if (each.runner) scene.runner = await openRunner(site, town);
    const wrong = await play(scene);
    const { substate } = await call(scene.town, 'GET', '/beads/b1');
    const { items } = await call(scene.town, 'GET', '/entities/bead/b1/history?limit=200');
    for (const row of items) say(JSON.stringify(row));
    await close(scene);
    const left = await nothingLeft(root, [], END_MS);
    const found = wrong ?? left;
    return { ok: found === null, cell: found === null ? substate : found.replaceAll(root, ''), reason: '' };
  } finally {
    say(`${scene.town.said()}\n${scene.runner?.said() ?? ''}\n${outputs(root)}`);
    await close(scene);
    endLeftovers(root);
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

function wordsOf({ words = [], runner }: TownCase): readonly string[] {
  return runner ? [...words, '--no-local'] : words;
}

async function close({ town, runner }: Scene): Promise<void> {
  if (runner) await end(runner);
  await end(town);
}

/** What the runs printed, for who looks closely. */
function outputs(root: string): string {
  const folder = join(root, 'data');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /output/.test(name));
  return files.map((name) => `--- ${name}\n${readFileSync(join(folder, name), 'utf8')}`).join('\n');
}

/** Null when it came out as it must; else what did not. */
async function play(scene: Scene): Promise<string | null> {
  const { town, gateway, script, each, site } = scene;
  if (each.key === null) rmSync(site.keyFile);
  await call(town, 'PUT', '/runtime', { retries: 1, silenceMs: each.silenceMs ?? 60_000 });
  await call(town, 'POST', '/beads', { id: 'b1', title: 'Make it', body: 'Make the file made.txt and commit it.' });
  if (each.midway) {
    await gateway.reached(script, 1);
    await MIDWAY[each.midway](scene);
  }
  if (each.mended) {
    const stopped = await until(scene, ({ attempts }) => attempts.at(-1)?.outcome);
    if (stopped === null) return 'the first attempt does not end';
    const said = attemptsOf(stopped);
    if (each.says && !each.says.test(said)) return `the first attempt says: ${said}`;
    gateway.play(script, each.mended);
    giveKey(site, GOOD_KEY);
  }
  const rested = await until(scene, ({ substate }) => /^(closed|failed)\./.test(substate) || isBlocked(scene));
  if (rested === null) return `no end: ${attemptsOf(await call(scene.town, 'GET', '/beads/b1'))}`;
  return (await compare(scene, rested)) ?? (await restsToo(scene));
}

/** What the bead is, against what it must be. */
async function compare({ each, gateway, script, site }: Scene, bead: Answer): Promise<string | null> {
  const told = attemptsOf(bead);
  if (!each.rests.test(bead.substate)) return told;
  if (bead.attempts.length !== each.attempts) return `it took ${bead.attempts.length} attempts: ${told}`;
  if (each.says && !each.mended && !each.says.test(told)) return `says ${told}`;
  const { hears } = each;
  if (hears && !gateway.heard(script).some((said) => hears.test(said))) return `the model was not told ${hears}`;
  const subjects = execFileSync('git', ['-C', site.repository, 'log', '--format=%s', 'main']).toString();
  return bead.substate === 'closed.merged' && !subjects.includes('Make it') ? 'closed, but not in the branch' : null;
}

/** The agent is idle again, and nothing of its runtime is left. */
async function restsToo({ site, town, runner }: Scene): Promise<string | null> {
  const left = await nothingLeft(site.root, [town.process.pid, runner?.process.pid], END_MS);
  if (left !== null) return left;
  const [agent] = (await call(town, 'GET', '/agents')).items;
  for (let waited = 0; ; waited += LOOK_MS) {
    const { state, substate } = await call(town, 'GET', `/agents/${agent?.id}`);
    if (state === 'idle') return null;
    if (waited >= END_MS) return `the agent is ${substate}`;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const MIDWAY: Readonly<Record<Midway, (scene: Scene) => Promise<void>>> = {
  async 'kill town'(scene) {
    scene.town.process.kill('SIGKILL');
    // Agents know the town by its address: it comes back where it was.
    scene.town = await openTown(scene.site, wordsOf(scene.each), new URL(scene.town.url).port);
  },
  async 'kill runtime'({ site, program }) {
    await toolRuns(site);
    const real = realpathSync(program);
    const [runtime] = processesIn(site.root).filter((each) => each.program === real);
    if (runtime === undefined) throw new Error(`no process of ${program} runs, so it can not be killed`);
    process.kill(runtime.pid, 'SIGKILL');
  },
  async 'kill runner'(scene) {
    scene.runner?.process.kill('SIGKILL');
    scene.runner = await openRunner(scene.site, scene.town);
  },
  async 'say something'({ town }) {
    const [agent] = (await call(town, 'GET', '/agents')).items;
    await call(town, 'POST', `/agents/${agent?.id}/messages`, { text: 'Mind the gap.' });
  },
  async 'stop run'({ site, town }) {
    await toolRuns(site);
    const [agent] = (await call(town, 'GET', '/agents')).items;
    await call(town, 'POST', `/agents/${agent?.id}/stop`, {});
  },
  async 'take over'({ site, town }) {
    await toolRuns(site);
    const [agent] = (await call(town, 'GET', '/agents')).items;
    await call(town, 'POST', `/agents/${agent?.id}/take-over`, {});
    await call(town, 'POST', `/agents/${agent?.id}/messages`, { text: 'Do not wait for it: make it now.' });
  },
};

/** Waits for the tool that never ends. */
async function toolRuns({ root }: Site): Promise<void> {
  for (let waited = 0; waited < DEADLINE_MS; waited += LOOK_MS) {
    if (processesIn(root).some(({ command }) => command.startsWith('tail -f'))) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The bead when it is so; null when it was not in time. */
async function until(scene: Scene, isSo: (bead: Answer) => unknown): Promise<Answer | null> {
  for (let waited = 0; waited < DEADLINE_MS; waited += LOOK_MS) {
    const bead = await call(scene.town, 'GET', '/beads/b1');
    if (await isSo(bead)) return bead;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return null;
}

/** A bead whose rig is blocked rests when nothing mends that. */
async function isBlocked({ town, each }: Scene): Promise<boolean> {
  const [rig] = (await call(town, 'GET', '/rigs')).items;
  return rig?.state === 'blocked' && each.mended === undefined;
}

function giveKey({ keyFile }: Site, key: string): void {
  writeFileSync(keyFile, key, { mode: 0o600 });
}

function attemptsOf({ substate, attempts }: Answer): string {
  return `${substate}, after ${attempts.map(({ outcome, reason }) => `${outcome} (${reason})`).join(', ')}`;
}
