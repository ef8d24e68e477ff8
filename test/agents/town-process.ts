/** A town in a process of its own, for tests that kill it: starts one run, says so, and waits for its death. */
import { writeSync } from 'node:fs';
import { createLocalContainer } from '../../src/agents/local.ts';
import type { RunSpec } from '../../src/agents/port.ts';
import { createSystemEnv } from '../../src/env/system.ts';

const [root = '', order = '{}'] = process.argv.slice(2);
const run = JSON.parse(order) as RunSpec;
const { PATH } = process.env;
const container = createLocalContainer({
  id: 'local',
  root,
  env: createSystemEnv({ log: () => {} }),
  environment: { PATH },
  heartbeatMs: 60_000,
});
const outcome = await container.start(run, new AbortController().signal);
writeSync(1, `${JSON.stringify(outcome)}\n`);
process.stdin.resume();
