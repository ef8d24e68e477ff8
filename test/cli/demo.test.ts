/** The demo's parts: the container whose starts go wrong, the plan of its faults, and the verdict at its end. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { policyPatchSchema, policySchema } from '../../machines/policy.ts';
import type { Container, RunSpec, StartOutcome } from '../../src/agents/port.ts';
import { createFaultyContainer } from '../../src/cli/demo/faulty-container.ts';
import { agentFaults, demoPolicy, HOPELESS, lateStart, signs, startFaults } from '../../src/cli/demo/plan.ts';
import { setStage } from '../../src/cli/demo/stage.ts';
import { differences } from '../../src/cli/demo/verdict.ts';
import type { Recovery } from '../../src/cli/recovery.ts';
import type { BeadSummary } from '../../src/cli/summary.ts';
import { createSimulatedEnv } from '../../src/env/simulated.ts';
import { parseWorkFile } from '../../src/town/workfile.ts';
import { testShell } from './shell.ts';
import { git } from './workshop.ts';

const accepted: StartOutcome = { kind: 'accepted', incarnation: 'i-1', branch: 'attempt/a/1' };
const never = new AbortController().signal;

/** A container that accepts every start at once, and remembers them. */
function accepting(): Container & { readonly started: string[] } {
  const started: string[] = [];
  const start = async (run: RunSpec) => {
    started.push(run.bead);
    return accepted;
  };
  return { id: 'local', started, start, probe: async () => 'running' } as unknown as Container & {
    readonly started: string[];
  };
}

const runOf = (bead: string) => ({ bead, agent: 'polecat-1', epoch: 1 }) as RunSpec;

test('a fault happens once, the next start is as good as any', async () => {
  const inner = accepting();
  const { clock } = createSimulatedEnv({ seed: 1 });
  const container = createFaultyContainer({ inner, clock, faults: { a: 'refused', b: 'false' }, ...lateStart });
  expect(await container.start(runOf('a'), never)).toEqual({
    kind: 'refused',
    reason: 'the container has no room left',
    permanent: false,
  });
  expect(await container.start(runOf('b'), never)).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('answered false'),
  });
  expect(inner.started).toEqual([]);
  expect(await container.start(runOf('a'), never)).toEqual(accepted);
  expect(inner.started).toEqual(['a']);
});

test('a late start begins after its timeout, is unknown until then, and answers later still', async () => {
  const env = createSimulatedEnv({ seed: 1 });
  const inner = accepting();
  const container = createFaultyContainer({
    inner,
    clock: env.clock,
    faults: { a: 'late' },
    lateMs: 100,
    answerMs: 50,
  });
  let answer: StartOutcome | null = null;
  void container.start(runOf('a'), never).then((outcome) => {
    answer = outcome;
  });
  await env.pass(99);
  expect(inner.started).toEqual([]);
  expect(await container.probe({ agent: 'polecat-1', epoch: 1 })).toBe('unknown');
  await env.pass(1);
  expect(inner.started).toEqual(['a']);
  expect(await container.probe({ agent: 'polecat-1', epoch: 1 })).toBe('running');
  await env.pass(49);
  expect(answer).toBeNull();
  await env.pass(1);
  expect(answer).toEqual(accepted);
});

test('the plan fits the work file and the policy', () => {
  const text = readFileSync(new URL('../../data/demo/work.yaml', import.meta.url), 'utf8');
  const { beads } = parseWorkFile(text, 'work.yaml', policyPatchSchema);
  const ids = beads.map(({ id }) => id);
  const faulty = [...Object.keys(startFaults), ...Object.keys(agentFaults)];
  expect(beads.length).toBeGreaterThanOrEqual(12);
  for (const bead of [...faulty, HOPELESS]) expect(ids).toContain(bead);
  expect(Object.keys(signs).sort(), 'each fault has a sign').toEqual([...faulty].sort());
  const policy = policySchema.parse(demoPolicy);
  expect(lateStart.lateMs, 'later than the timeout').toBeGreaterThan(policy.startTimeoutMs);
  expect(lateStart.lateMs + lateStart.answerMs).toBeLessThan(policy.startTimeoutMs + policy.unconfirmedMs);
});

test('the stage is a fresh repository, whatever was there', async () => {
  const shell = testShell();
  const { repository, directory } = await setStage(shell, 'stage');
  expect(git(repository, 'log', '--format=%s')).toBe('Begin');
  expect(git(repository, 'status', '--porcelain')).toBe('');
  expect(directory).toBe(`${shell.directory}/stage/town`);
  git(repository, 'commit', '--quiet', '--allow-empty', '--message=More');
  expect(git((await setStage(shell, 'stage')).repository, 'log', '--format=%s')).toBe('Begin');
});

const bead = (id: string, state: string): BeadSummary => ({
  ...{ id, state, attempts: 1, agent: null, timeMs: null, mergeCommit: null, reason: null },
});
const seen: Readonly<Record<string, string>> = {
  fahrenheit: 'start refused: the container has no room left',
  'truncate-length': 'start answered false',
  'leap-century': 'heartbeat of the start that gave no answer',
  slugify: 'crashed with exit code 7',
  'word-count': 'exit code 0, but no commit',
  'title-case': 'it lives but shows no progress',
};
const recoveries: readonly Recovery[] = Object.entries(seen).map(([subject, happened]) => ({
  ...{ at: 0, subject, happened, answer: '', tone: 'trouble' },
}));
const verified = { ok: true, rows: 1, entities: 1, skipped: 0, problems: [] };

test('the verdict is good for exactly the end that was meant', () => {
  const beads = [bead('slugify', 'closed.merged'), bead(HOPELESS, 'failed.gaveUp')];
  expect(differences({ beads, recoveries, verified })).toEqual([]);
});

test('the verdict names what differs', () => {
  const beads = [bead('slugify', 'open.backoff'), bead(HOPELESS, 'closed.merged')];
  const problems = [{ entity: 'bead/x', seq: 1, problem: 'it differs' }];
  expect(differences({ beads, recoveries: recoveries.slice(1), verified: { ...verified, problems } })).toEqual([
    'slugify is open.backoff, not closed.merged',
    `${HOPELESS} is closed.merged, not failed.gaveUp`,
    'the fault of fahrenheit was not noticed (^start refused)',
    'bead/x: it differs',
  ]);
});
