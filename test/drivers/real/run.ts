/**
 * Puts the real runtimes through the cases and prints the tables of `docs/RUNTIMES.md`.
 *
 *     npm run test:agents -- [runtime …] [--case NAME …] [--ci] [--record] [--verbose]
 */
import { parseArgs } from 'node:util';
import { startGateway } from '../../gateway/gateway.ts';
import { startTownMcp } from '../../gateway/town-mcp.ts';
import { CASES, isFor } from './cases.ts';
import { install, RUNTIMES, type Runtime, type RuntimeName } from './runtimes.ts';
import { Table } from './table.ts';
import { throughTown } from './through-town.ts';
import { TOWN_CASES } from './town-cases.ts';
import { probe, type Result, type Stage, throughDriver } from './trial.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    case: { type: 'string', multiple: true },
    ci: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

/** What is run on every push: each part of the seam once, in four minutes on two idle cores. */
const IN_CI: Readonly<Partial<Record<RuntimeName, readonly string[]>>> = {
  kilo: [
    ...['good work', 'no credential', '429', 'stall', 'killed', 're-attached'],
    ...['in a box', 'town killed', 'message', 'stopped, then resumed', 'key gone, then back', 'on a runner'],
  ],
  'kilo gateway': ['good work', '401', 'bead to merge'],
};

const print = (text: string) => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const gateway = await startGateway();
  const mcp = await startTownMcp();
  const say = (text: string) => values.verbose && print(`  ${text}`);
  const stage: Stage = { gateway, mcp, record: values.record, say };
  const table = new Table();
  // `kilo` is also `kilo gateway`: the same program.
  const runtimes = RUNTIMES.filter(
    ({ name }) => positionals.length === 0 || positionals.some((wanted) => `${name} `.startsWith(`${wanted} `)),
  );
  for (const runtime of runtimes) await putThrough(stage, runtime, table);
  await gateway.close();
  await mcp.close();
  const names = runtimes.map(({ name }) => name);
  for (const cases of [CASES, TOWN_CASES]) {
    const rows = cases.map(({ name }) => name);
    print(`\n${table.print(names, rows)}`);
  }
  process.exitCode = table.failed === 0 ? 0 : 1;
}

async function putThrough(stage: Stage, runtime: Runtime, table: Table): Promise<void> {
  const isWanted = ({ name }: { name: string }) => {
    if (values.case !== undefined) return values.case.includes(name);
    return !values.ci || IN_CI[runtime.name]?.includes(name) === true;
  };
  const cases = CASES.filter((each) => isFor(runtime, each) && isWanted(each));
  const townCases = TOWN_CASES.filter((each) => isFor(runtime, each) && isWanted(each));
  if (cases.length + townCases.length === 0) return;
  const program = install(runtime);
  if (program === null) {
    const why = 'npm could not install it, or it has no binary for this machine: see what npm says above';
    print(`${runtime.name}: ${runtime.package} is not there, so its cases are not run. ${why}`);
    table.failed += 1;
    return;
  }
  const trial = { runtime, program };
  const ready = await probe(stage, trial);
  print(`${runtime.name}: ${ready.text}`);
  if (!ready.ok) table.failed += 1;
  const one = async (name: string, run: () => Promise<Result>) => {
    const began = Date.now();
    const result = await run().catch((thrown: Error) => ({ ok: false, cell: thrown.message, reason: '' }));
    const strays = stage.gateway.strays().filter((asked) => !runtime.mayAsk?.test(asked));
    const stayed = strays.length === 0 ? result : { ...result, ok: false, cell: `it asked ${strays.join(', ')}` };
    const seconds = Math.max(1, Math.round((Date.now() - began) / 1_000));
    table.add(runtime.name, name, { ...stayed, seconds });
    print(`${runtime.name}, ${name}: ${stayed.ok ? '' : 'NOT '}as it must: ${stayed.cell}, ${seconds} s`);
    if (stayed.reason !== '') print(`  ${stayed.reason}`);
  };
  for (const each of cases) await one(each.name, () => throughDriver(stage, trial, each));
  for (const each of townCases) await one(each.name, () => throughTown(stage, trial, each));
  for (const { name, skip } of [...CASES, ...TOWN_CASES].filter(isWanted)) {
    const skipped = skip?.[runtime.name];
    if (skipped !== undefined) table.put(runtime.name, name, `– (${skipped})`);
  }
}

await main();
