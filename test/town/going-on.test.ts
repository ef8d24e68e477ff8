/** A bead whose first run is cut short, with real processes: nothing of its work is lost, and the next run is told. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createSystemEnv } from '../../src/env/system.ts';
import { serveTown } from '../../src/http/serve.ts';
import { createTown } from '../../src/town/town.ts';
import { makeRepository } from '../fixtures/repository.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Half of the work, a note for whoever goes on, something uncommitted, and an end that nobody wanted. */
const FIRST = `
echo half > half.txt; git add half.txt; git commit -qm 'Half of it'
yardmaster call checkpoint 'half.txt is there, rest.txt is left'
echo maybe > maybe.txt
exit 75
`;
/** Goes on from what is there. */
const SECOND = `
cat > ../../../seen
test -f half.txt && echo rest > rest.txt && git add rest.txt && git commit -qm 'The rest'
`;

it('goes on where it was cut short, in the repository and in what it is told', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-going-on-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'repository');
  const git = makeRepository(path);
  writeFileSync(join(folder, 'agent.sh'), `if [ "$YARDMASTER_ATTEMPT" = 1 ]; then\n${FIRST}\nfi\n${SECOND}`);
  const env = createSystemEnv({ log: () => undefined });
  const argv = ['sh', join(folder, 'agent.sh')];
  const town = await createTown({
    ...{ directory: join(folder, 'town'), env, environment: { PATH: process.env.PATH ?? '', HOME: folder } },
    ...{ policy: { backoffMs: [50], recycleMs: 50, graceMs: 2_000 }, agents: [{ id: 'p1', rig: 'r' }] },
    rigs: {
      r: {
        path,
        branch: 'main',
        argv,
        promptBy: 'stdin',
        test: [],
        merge: true,
        env: {},
        secrets: {},
        isolation: 'off',
      },
    },
    ...{ onClose: 'stop', awaitApi: true },
  });
  closers.push(() => town[Symbol.asyncDispose]());
  const served = await serveTown(town, { port: 0, operatorToken: 'o'.repeat(43), version: 'test', env });
  closers.push(() => served.close());
  await town.createBeads([{ id: 'b1', title: 'Both halves', body: 'Make half.txt and rest.txt.' }]);
  await town.settled();

  expect(town.get({ machine: 'bead', id: 'b1' })).toMatchObject({
    substate: 'closed.merged',
    context: { runFailures: 1 },
  });
  expect(git('ls-tree', '--name-only', 'main').split('\n')).toEqual(expect.arrayContaining(['half.txt', 'rest.txt']));
  expect(git('ls-tree', '--name-only', 'main')).not.toContain('maybe.txt');
  const seen = readFileSync(join(folder, 'town', 'seen'), 'utf8');
  expect(seen).toMatch(/^# Both halves\n\nMake half.txt and rest.txt.\n/);
  expect(seen).toContain('Its reason, as it was told: "ended with exit code 75"');
  expect(seen).toContain('    half.txt is there, rest.txt is left');
  expect(seen).toContain('You begin there: 1 commit of it on your branch.');
  expect(seen).toContain('    +half');
  expect(seen).toMatch(/What it had not committed: git cherry-pick --no-commit [0-9a-f]{40}/);
});
