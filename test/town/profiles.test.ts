/**
 * A rig that drives a runtime, end to end: a gateway that refuses its key blocks that rig alone, and the next key in
 * the same file brings its bead to the merge. The runtime is a script that answers like one.
 */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { RigConfig } from '../../machines/vocabulary.ts';
import { createSystemEnv } from '../../src/env/system.ts';
import { serveTown } from '../../src/http/serve.ts';
import { createTown } from '../../src/town/town.ts';
import { makeRepository } from '../fixtures/repository.ts';
import { stateOf, untilWithin } from '../fixtures/town.ts';
import { startGateway } from '../gateway/gateway.ts';
import { GOOD_KEY, MODEL } from '../gateway/replies.ts';

const DEADLINE_MS = 40_000;
const until = untilWithin(DEADLINE_MS);
const WRONG_KEY = 'sk-wrong-0123456789abcdef';
const FAST = {
  ...{ heartbeatMs: 200, leaseMs: 10_000, jitter: 0, recycleMs: 50, graceMs: 500 },
  ...{ rigLookMs: 1_000, rigLookMaxMs: 1_000, rigLookTimeoutMs: 20_000 },
};
const lines = (...said: object[]) => said.map((line) => `echo '${JSON.stringify(line)}'`).join('\n');
/** What `claude` answers: its version, or one turn in which it commits a file. */
const RUNTIME = `#!/bin/sh
if [ "$1" = --version ]; then echo '2.1.9 (a script)'; exit 0; fi
cat > /dev/null
echo "$ANTHROPIC_API_KEY" | cut -c1-7 > key.txt
git add key.txt && git -c user.name=a -c user.email=a@b commit -qm work
${lines(
  { type: 'system', subtype: 'init', session_id: 'one', mcp_servers: [{ name: 'town', status: 'connected' }] },
  { type: 'assistant', message: { content: [{ type: 'text', text: 'It is made.' }] } },
  { type: 'result', subtype: 'success', is_error: false, stop_reason: 'end_turn', permission_denials: [] },
)}
`;
const AGENT = 'echo done > done.txt; git add . && git -c user.name=a -c user.email=a@b commit -qm work';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function scene() {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-profile-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const gateway = await startGateway();
  closers.push(() => gateway.close());
  const program = join(folder, 'claude');
  writeFileSync(program, RUNTIME);
  chmodSync(program, 0o755);
  const key = join(folder, 'key');
  writeFileSync(key, `${WRONG_KEY}\n`);
  const paths = { driven: join(folder, 'driven'), plain: join(folder, 'plain') };
  const git = { driven: makeRepository(paths.driven), plain: makeRepository(paths.plain) };
  const common = { branch: 'main', promptBy: 'stdin', test: [], merge: true, env: {}, secrets: {} } as const;
  const rigs: Record<string, RigConfig> = {
    driven: { ...common, test: [], env: {}, secrets: {}, path: paths.driven, argv: [], runtime: { program } },
    plain: { ...common, test: [], env: {}, secrets: {}, path: paths.plain, argv: ['sh', '-c', AGENT] },
  };
  const env = createSystemEnv({ log: () => undefined });
  const url = gateway.play('profile', [{ kind: 'say', text: 'yes' }]);
  const town = await createTown({
    ...{ directory: join(folder, 'town'), env, environment: { PATH: process.env.PATH ?? '', HOME: folder } },
    ...{ policy: FAST, onClose: 'stop', awaitApi: true, rigs },
    runtime: { driver: 'claude', model: MODEL, gateway: { api: 'anthropic', url }, key: `file:${key}` },
    agents: [
      { id: 'p1', rig: 'driven' },
      { id: 'p2', rig: 'plain' },
    ],
  });
  closers.push(() => town[Symbol.asyncDispose]());
  const served = await serveTown(town, {
    host: '127.0.0.1',
    port: 0,
    operatorToken: 'o'.repeat(43),
    version: 't',
    env,
  });
  closers.push(() => served.close());
  return { town, key, git };
}

it('a key that the gateway refuses blocks its rig alone, and the next one brings the work to its merge', async () => {
  const { town, key, git } = await scene();
  await town.createBeads([
    { id: 'a', title: 'a', rig: 'driven' },
    { id: 'b', title: 'b', rig: 'plain' },
  ]);
  await until(town, 'blocked', () => stateOf(town, 'rig/driven').startsWith('blocked.'));
  await until(town, 'the other rig works', () => stateOf(town, 'bead/b') === 'closed.merged');
  expect(stateOf(town, 'bead/a')).toBe('open.blockedConfig');
  expect(town.attempts({ machine: 'bead', id: 'a' })).toMatchObject([{ outcome: 'rejected' }]);
  const { escalations, rigs } = town.status();
  expect(escalations).toMatchObject([{ subject: 'rig/driven', message: expect.stringMatching(/401|valid key/) }]);
  expect(rigs).toMatchObject([{ id: 'driven', runtime: expect.stringContaining(MODEL) }, { state: 'active' }]);

  writeFileSync(key, `${GOOD_KEY}\n`);
  await until(town, 'merged', () => stateOf(town, 'bead/a') === 'closed.merged');
  expect(git.driven('show', 'main:key.txt').trim()).toBe(GOOD_KEY.slice(0, 7));
  expect(town.attempts({ machine: 'bead', id: 'a' })).toHaveLength(2);
  expect(town.status().escalations).toEqual([]);
  const kept = JSON.stringify(town.log({}, { limit: 500 }));
  expect([kept.includes(WRONG_KEY), kept.includes(GOOD_KEY)]).toEqual([false, false]);
}, 60_000);
