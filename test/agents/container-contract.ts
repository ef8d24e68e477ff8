/**
 * What every container keeps, wherever it is: with real processes, what a town sees of starts, ends and stops.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Container } from '../../src/agents/port.ts';
import { env, git, isThere, never, type Reports, script, soon, write } from './workshop.ts';

export type ContainerScene = {
  /** Where the container keeps its runs and their clones. */
  readonly root: string;
  /** The repository of the rig. */
  readonly path: string;
  readonly local: Container;
  readonly reports: Reports;
};

const commitWork = 'echo bread > bread && git add . && git commit --quiet -m Bread';

const deaf = 'a run that ignores TERM is killed after its grace; its child in a session of its own goes with it';

type SetUp = (more?: { heartbeatMs?: number }) => ContainerScene | Promise<ContainerScene>;
type Refusal = readonly [string, Parameters<typeof script>[2], RegExp, boolean];

const portRefusals: readonly Refusal[] = [
  [
    'a missing program',
    { command: { argv: ['no-such-agent'], promptBy: 'stdin' } },
    /"no-such-agent" does not exist/,
    true,
  ],
  ['a missing credential', { secrets: { API_KEY: 'env:NOT_SET_HERE' } }, /NOT_SET_HERE is not set/, true],
  ['a missing branch', { repository: { path: '', targetBranch: 'develop' } }, /no branch "develop"/, true],
  ['a bad agent', { agent: 'A/b' }, /can not be the id of/, true],
];
const otherRefusals: readonly Refusal[] = [
  ['an empty command', { command: { argv: [], promptBy: 'stdin' } }, /is empty/, true],
  ['a bad id', { bead: '../../etc' }, /can not be the id of/, true],
  ['a bad epoch', { epoch: 0 }, /can not be an epoch/, true],
  ['a bad variable', { env: { 'A=B': 'x' } }, /no name for an environment variable/, true],
  ['a program that is none', { command: { argv: ['./README.md'], promptBy: 'stdin' } }, /not executable/, true],
];

/** What the port of containers promises. `setUp` gives an empty container, which is ended after the test. */
export function containerContract(setUp: SetUp): void {
  test('a run is accepted, beats at once, works on its branch, and its end is reported with evidence', async () => {
    const { root, path, local, reports } = await setUp();
    const { incarnation } = await local.provision();
    // It goes on when it was heard: of a run that is over at once, the end alone may be told.
    const heard = join(path, '.git', 'heard');
    const wait = `while [ ! -e ${heard} ]; do sleep 0.05; done`;
    const run = script(`${wait}; ${commitWork}; echo done; echo oops >&2; exit 3`, { path });
    const outcome = await local.start(run, never);
    expect(outcome).toEqual({ kind: 'accepted', incarnation, branch: 'attempt/gt-1/1' });
    expect(await reports.next('heartbeat')).toMatchObject({ agent: 'toast', epoch: 1, incarnation });
    writeFileSync(heard, '');
    const end = await reports.next('exited');
    expect(end).toMatchObject({ agent: 'toast', epoch: 1, incarnation, code: 3, signal: null });
    expect(end.evidence).toMatchObject({ branch: 'attempt/gt-1/1', commits: 1, checkpointed: false });
    expect(end.tail.split('\n').sort()).toEqual(['', 'done', 'oops']);
    expect(git(path, 'log', '-1', '--format=%an', 'attempt/gt-1/1')).toBe('toast');
    await soon(() => (existsSync(join(root, 'worktrees', 'gt-1-1')) ? undefined : true));
    expect(await local.probe({ agent: 'toast', epoch: 1 })).toBe('absent');
  });

  test('the same start again is the same run; two at once are one', async () => {
    const { path, local, reports } = await setUp();
    const run = script('sleep 60', { path });
    const outcomes = await Promise.all([local.start(run, never), local.start(run, never)]);
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['accepted', 'accepted']);
    expect(outcomes.filter((outcome) => outcome.kind === 'accepted' && outcome.alreadyRunning)).toHaveLength(1);
    expect(await local.start(run, never)).toMatchObject({ kind: 'accepted', alreadyRunning: true });
    expect(await local.list()).toEqual([{ agent: 'toast', epoch: 1 }]);
    expect(await local.stop({ agent: 'toast', epoch: 1, graceMs: 1_000 })).toBe('stopped');
    expect(await reports.next('exited')).toMatchObject({ code: null, signal: 'SIGTERM' });
    expect(reports.all.filter(({ kind }) => kind === 'exited')).toHaveLength(1);
  });

  test('an epoch that ended, was stopped, or is older than another never starts', async () => {
    const { path, local, reports } = await setUp();
    const at = (epoch: number) => script('true', { path }, { epoch });
    await local.start(at(2), never);
    await reports.next('exited');
    expect(await local.start(at(2), never)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('has run'),
    });
    expect(await local.start(at(1), never)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('older than 2'),
    });
    expect(await local.stop({ agent: 'toast', epoch: 3, graceMs: 0 })).toBe('gone');
    expect(await local.start(at(3), never)).toMatchObject({ kind: 'refused', permanent: false });
    expect(await local.start(at(4), never)).toMatchObject({ kind: 'accepted' });
  });

  test('a stop that comes while the start is on its way wins', async () => {
    const { path, local } = await setUp();
    const start = local.start(script('sleep 60', { path }), never);
    await local.stop({ agent: 'toast', epoch: 1, graceMs: 1_000 });
    expect(['accepted', 'refused']).toContain((await start).kind);
    expect(await local.list()).toEqual([]);
  });

  test('a newer epoch of an agent ends the older one first', async () => {
    const { path, local, reports } = await setUp();
    await local.start(script('sleep 60', { path }), never);
    expect(await local.start(script('sleep 60', { path }, { epoch: 2 }), never)).toMatchObject({ kind: 'accepted' });
    expect(await reports.next('exited')).toMatchObject({ epoch: 1 });
    expect(await local.list()).toEqual([{ agent: 'toast', epoch: 2 }]);
  });

  test('an end is reported again until it is taken', async () => {
    const { path, local } = await setUp();
    let told = 0;
    const taken = new Promise<void>((resolve) => {
      local.onReport(async ({ kind }) => {
        if (kind !== 'exited') return;
        told += 1;
        if (told < 3) throw new TypeError('the town is busy');
        resolve();
      });
    });
    await local.start(script('true', { path }), never);
    await taken;
    expect(told).toBe(3);
  });

  test('finish waits for an end that comes, and ends a run that does not', async () => {
    const { root, path, local } = await setUp();
    await local.start(script(`${commitWork}; read line < /dev/null; sleep 0.1`, { path }), never);
    expect(await local.finish({ agent: 'toast', epoch: 1, graceMs: 8_000 })).toMatchObject({ commits: 1 });
    await local.start(script('echo half > half; sleep 60', { path }, { epoch: 2, graceMs: 100 }), never);
    await soon(() => readWorktree(root, 'gt-1-2/half'));
    expect(await local.finish({ agent: 'toast', epoch: 2, graceMs: 50 })).toMatchObject({
      commits: 1,
      checkpointed: true,
    });
    expect(await local.finish({ agent: 'toast', epoch: 2, graceMs: 0 })).toMatchObject({ commits: 1 });
    expect(await local.finish({ agent: 'nobody', epoch: 9, graceMs: 0 })).toBeNull();
  });

  test('a start past its deadline is unknown, and a heartbeat tells the truth later', async () => {
    const { root, path, local, reports } = await setUp();
    await local.provision();
    const deadline = new AbortController();
    const start = local.start(script('sleep 60', { path }), deadline.signal);
    await soon(() => (existsSync(join(root, 'worktrees')) ? true : undefined));
    deadline.abort();
    expect((await start).kind).toBe('unknown');
    expect(await local.probe({ agent: 'toast', epoch: 1 })).not.toBe('absent');
    expect(await reports.next('heartbeat')).toMatchObject({ epoch: 1 });
    expect(await local.probe({ agent: 'toast', epoch: 1 })).toBe('running');
  });

  refusalTests(setUp, portRefusals);
}

/** What is kept by whoever has the processes: a container that hands its runs on need not prove it again. */
export function processContract(setUp: SetUp): void {
  test('a run that does nothing says so in its evidence', async () => {
    const { path, local, reports } = await setUp();
    await local.start(script('true', { path }), never);
    const { code, evidence } = await reports.next('exited');
    expect([code, evidence?.commits, evidence?.checkpointed]).toEqual([0, 0, false]);
  });

  test('what a run did not commit is checkpointed', async () => {
    const { path, local, reports } = await setUp();
    await local.start(script('echo half > half', { path }), never);
    const { evidence } = await reports.next('exited');
    expect(evidence).toMatchObject({ commits: 1, checkpointed: true });
    expect(git(path, 'show', `${evidence?.head}:half`)).toBe('half');
  });

  test(deaf, async () => {
    const { root, path, local, reports } = await setUp();
    const deaf = `trap '' TERM; setsid sh -c 'echo $$ > child; trap "" TERM; while :; do sleep 1; done' &
      while :; do sleep 1; done`;
    await local.start(script(deaf, { path }), never);
    const child = await soon(() => readWorktree(root, 'gt-1-1/child'));
    expect(isThere(child)).toBe(true);
    expect(await local.stop({ agent: 'toast', epoch: 1, graceMs: 100 })).toBe('stopped');
    expect(isThere(child)).toBe(false);
    expect(await reports.next('exited')).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('what a run leaves in the background when it ends is ended too, before its work is looked at', async () => {
    const { path, local, reports } = await setUp();
    await local.start(script(`setsid sleep 300 & echo $! > child; exit 0`, { path }), never);
    const { code, evidence } = await reports.next('exited');
    expect(code).toBe(0);
    expect(isThere(git(path, 'show', `${evidence?.head}:child`))).toBe(false);
  });

  test('heartbeats go on while the run lives, and end with it', async () => {
    const { path, local, reports } = await setUp({ heartbeatMs: 20 });
    await local.start(script('sleep 60', { path }), never);
    for (let count = 0; count < 4; count += 1) await reports.next('heartbeat');
    await local.stop({ agent: 'toast', epoch: 1, graceMs: 1_000 });
    const beats = () => reports.all.filter(({ kind }) => kind === 'heartbeat').length;
    const last = beats();
    await new Promise<void>((resolve) => env.clock.at(env.clock.now() + 100, resolve));
    expect(beats()).toBe(last);
  });

  test('a heartbeat is active when there was output since the one before', async () => {
    const { path, local, reports } = await setUp({ heartbeatMs: 20 });
    await local.start(script('echo working; sleep 60', { path }), never);
    const activity = async () => ((await reports.next('heartbeat')) as { active?: boolean }).active;
    while (!(await activity()));
    while (await activity());
    expect(await activity()).toBe(false);
    await local.stop({ agent: 'toast', epoch: 1, graceMs: 1_000 });
  });

  test('heartbeats come as often as they are asked for from now on, of runs that are under way too', async () => {
    const { path, local, reports } = await setUp();
    await local.start(script('sleep 60', { path }), never);
    expect(await reports.next('heartbeat')).toMatchObject({ epoch: 1 });
    local.setHeartbeat?.(20);
    for (let beats = 0; beats < 3; beats += 1) await reports.next('heartbeat');
  });

  test('a program that the system can not execute is refused for good, and the attempt leaves nothing', async () => {
    const { root, path, local } = await setUp();
    write(path, { 'agent.bin': '#!/no/such/interpreter\n' });
    git(path, 'add', '.');
    git(path, 'update-index', '--chmod=+x', 'agent.bin');
    git(path, 'commit', '--quiet', '-m', 'Agent');
    git(path, 'reset', '--quiet', '--hard');
    const outcome = await local.start(
      script('', { path }, { command: { argv: ['./agent.bin'], promptBy: 'stdin' } }),
      never,
    );
    expect(outcome).toMatchObject({
      kind: 'refused',
      permanent: true,
      reason: expect.stringContaining('agent.bin'),
    });
    expect(readdirSync(join(root, 'runs'))).toEqual([]);
    expect(git(path, 'branch', '--list', 'attempt/*')).toBe('');
  });

  refusalTests(setUp, otherRefusals);
}

function refusalTests(setUp: SetUp, refusals: readonly Refusal[]): void {
  test.each(refusals)('%s is refused for good, and nothing is made', async (_, more, reason, permanent) => {
    const { root, path, local, reports } = await setUp();
    const spec = script('true', { path }, more);
    const repositoryOf = { ...spec.repository, path };
    await local.provision();
    const outcome = await local.start({ ...spec, repository: repositoryOf }, never);
    expect(outcome).toMatchObject({ kind: 'refused', permanent, reason: expect.stringMatching(reason) });
    expect(readdirSync(join(root, 'runs'))).toEqual([]);
    expect(git(path, 'branch', '--list', 'attempt/*')).toBe('');
    expect(reports.all).toEqual([]);
  });
}

function readWorktree(root: string, name: string): string | undefined {
  const file = join(root, 'worktrees', name);
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return text === '' ? undefined : text;
}
