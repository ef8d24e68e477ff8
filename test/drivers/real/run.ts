/**
 * Puts the real runtimes through the cases and prints the table of `docs/RUNTIMES.md`.
 *
 *     npm run test:agents -- [runtime …] [--case NAME …] [--record] [--verbose]
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { DriverHost } from '../../../src/drivers/host.ts';
import type { Ended, RunRequest } from '../../../src/drivers/port.ts';
import { drivers } from '../../../src/drivers/registry.ts';
import { type Gateway, startGateway } from '../../gateway/gateway.ts';
import { startTownMcp, type TownMcp } from '../../gateway/town-mcp.ts';
import { CASES, type Case, differs } from './cases.ts';
import { commits, createPlainHost, makePlace, type Place, removePlace, running, sweep } from './place.ts';
import { createRecorder } from './recorder.ts';
import { GOOD, install, profileOf, RUNTIMES } from './runtimes.ts';
import { TOWN_CASES, throughTown } from './through-town.ts';

type Runtime = (typeof RUNTIMES)[number];
type Town = { readonly gateway: Gateway; readonly mcp: TownMcp; readonly record: boolean; readonly verbose: boolean };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    case: { type: 'string', multiple: true },
    record: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

const print = (text: string) => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const gateway = await startGateway();
  const mcp = await startTownMcp();
  const town: Town = { gateway, mcp, record: values.record, verbose: values.verbose };
  const results = new Map<string, Result>();
  let failed = 0;
  const runtimes = RUNTIMES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const isWanted = ({ name }: { name: string }) => values.case === undefined || values.case.includes(name);
  const cases = CASES.filter(isWanted);
  const townCases = TOWN_CASES.filter(isWanted);
  for (const runtime of runtimes) {
    const program = install(runtime);
    if (program === null) {
      print(`${runtime.name}: ${runtime.package} could not be installed here; its cases are not run`);
      failed += 1;
      continue;
    }
    const ready = await probe(town, runtime, program);
    print(`${runtime.name}: ${ready.text}`);
    if (!ready.ok) failed += 1;
    for (const each of cases) {
      const result = await runCase(town, { runtime, program, each });
      if (!result.ok) failed += 1;
      results.set(`${runtime.name} ${each.name}`, result);
      print(`${runtime.name}, ${each.name}: ${result.cell} ${result.reason}`);
    }
    for (const each of townCases) {
      const began = Date.now();
      const wrong = await throughTown({ runtime, program, gateway }, each);
      const seconds = Math.round((Date.now() - began) / 1_000);
      if (wrong !== null) failed += 1;
      const cell = wrong === null ? `as it must, ${seconds} s` : `**${wrong}**`;
      results.set(`${runtime.name} ${each.name}`, { ok: wrong === null, cell, reason: '' });
      print(`${runtime.name}, ${each.name}: ${cell}`);
    }
  }
  await gateway.close();
  await mcp.close();
  const names = runtimes.map(({ name }) => name);
  print(`\n| case | ${names.join(' | ')} |\n|---|${names.map(() => '---|').join('')}`);
  for (const { name: row } of [...cases, ...townCases]) {
    print(`| ${row} | ${names.map((name) => results.get(`${name} ${row}`)?.cell ?? 'not installed').join(' | ')} |`);
  }
  process.exitCode = failed === 0 ? 0 : 1;
}

/** `cell` is for the table: how it ended, and after how many seconds. */
type Result = { readonly ok: boolean; readonly cell: string; readonly reason: string };

/** What the driver finds out before a first run, with a gateway that is well. */
async function probe(town: Town, runtime: Runtime, program: string): Promise<{ ok: boolean; text: string }> {
  const place = makePlace(`${runtime.name}-probe`);
  const url = town.gateway.play('probe', [{ kind: 'say', text: 'Yes.' }]);
  const host = createPlainHost(
    place,
    () => false,
    () => {},
  );
  const readiness = await drivers[runtime.driver].probe(profileOf(runtime, program, { url, ...GOOD }), host);
  removePlace(place);
  return { ok: readiness.ready, text: JSON.stringify(readiness) };
}

type Trial = { readonly runtime: Runtime; readonly program: string; readonly each: Case };

async function runCase(town: Town, { runtime, program, each }: Trial): Promise<Result> {
  const skipped = each.skip?.[runtime.name];
  if (skipped !== undefined) return { ok: true, cell: `– (${skipped})`, reason: '' };
  const script = `${runtime.name}-${each.name}`.replaceAll(/\W+/g, '-');
  const place = makePlace(script);
  const url = town.gateway.play(script, each.replies);
  const profile = profileOf(runtime, program, { url, ...GOOD, ...each.parts });
  const request: RunRequest = {
    profile: { ...profile, limits: { ...profile.limits, ...each.limits } },
    directory: place.worktree,
    home: place.home,
    title: 'Make it',
    prompt: 'Make the file made.txt and commit it.',
    earlier: null,
    mcp: { url: town.mcp.url, token: each.token ?? `run-${script}` },
  };
  const began = process.hrtime.bigint();
  const driven = await drive(town, { place, request, script, each, runtime });
  const seconds = Math.max(1, Number((process.hrtime.bigint() - began) / 1_000_000_000n));
  const left = await sweep(place);
  const { ended } = driven;
  const wrong = differs(runtime.name, each, { ...driven, commits: commits(place), left });
  removePlace(place);
  const got = ended.outcome === 'failed' ? ended.failure : ended.outcome;
  const reason = ended.outcome === 'failed' ? ended.reason.replaceAll(place.root, '') : '';
  return { ok: wrong === null, cell: wrong === null ? `${got}, ${seconds} s` : `**${wrong}**`, reason };
}

type Drive = { place: Place; request: RunRequest; script: string; each: Case; runtime: Runtime };

async function drive(town: Town, { place, request, script, each, runtime }: Drive) {
  const reported = () => town.mcp.done.has(`run-${script}`);
  const plain = createPlainHost(place, reported, (text) => town.verbose && print(`  ${text}`));
  const stop = new AbortController();
  const masks = { place, request, mcp: town.mcp.url, stop: stop.signal };
  const recorder = town.record && each.midway !== 'kill driver' ? createRecorder(plain, masks) : null;
  const host: DriverHost = recorder?.host ?? plain;
  if (each.midway === 'kill driver') await driveAndDie(town, { place, request, script });
  const happens = each.midway === undefined ? null : interfere(town, { place, script, stop, each });
  const ended: Ended = await drivers[runtime.driver].run(request, host, stop.signal);
  await happens;
  recorder?.write(runtime.name, each);
  const has = (wanted: string) => plain.events.some(({ kind }) => kind === wanted);
  return { ended, throttled: has('throttled'), asked: has('waiting') };
}

/** Waits until the agent runs its first tool, then does to it what the case says. */
async function interfere(town: Town, at: { place: Place; script: string; stop: AbortController; each: Case }) {
  if (at.each.midway === 'kill driver') return;
  await town.gateway.reached(at.script, 1);
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
async function driveAndDie(town: Town, at: { place: Place; request: RunRequest; script: string }): Promise<void> {
  const program = fileURLToPath(new URL('./drive.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program], { stdio: ['pipe', 'inherit', 'inherit'] });
  child.stdin.end(JSON.stringify({ place: at.place, request: at.request }));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  await town.gateway.reached(at.script, 1);
  await toolRuns(at.place);
  child.kill('SIGKILL');
  await ended;
}

await main();
