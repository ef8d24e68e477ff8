/** Boxes: what a run can not see, write or become in one; and bounds on what it may use. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createGit } from '../../src/agents/git.ts';
import { createIntegrator } from '../../src/agents/integrator.ts';
import type { LocalContainer } from '../../src/agents/local.ts';
import type { RunSpec } from '../../src/agents/port.ts';
import { Worktrees } from '../../src/agents/worktrees.ts';
import {
  commit,
  container,
  env,
  environment,
  folder,
  git,
  isThere,
  never,
  Reports,
  repository,
  script,
} from './workshop.ts';

/** A town's folder with a token in it, and a container below it. */
function setUp() {
  const [town, path] = [folder(), repository()];
  writeFileSync(join(town, 'operator.token'), 'ymo_secret', { mode: 0o600 });
  const root = join(town, 'local');
  const local = container({ root });
  return { town, root, path, local, reports: new Reports(local) };
}

/** What a run says, and how it ended. */
async function said(local: LocalContainer, reports: Reports, spec: RunSpec) {
  const started = await local.start(spec, never);
  expect(started).toMatchObject({ kind: 'accepted' });
  return reports.next('exited');
}

describe('a box', () => {
  test('SEC18 hides the town, its keys, other runs and other processes, and gives no rights', async (context) => {
    const { town, path, local, reports } = setUp();
    if (!(await local.isolation()).available) context.skip();
    const other = await local.start(script('sleep 60', { path }, { agent: 'other', epoch: 9, bead: 'gt-9' }), never);
    expect(other).toMatchObject({ kind: 'accepted' });
    const tries = [
      ...[`cat ${town}/operator.token`, `ls ${town}/local/worktrees/gt-9-9`, `cat ${town}/local/runs/other-9/run.json`],
      ...[`umount ${town}`, `unshare -Urm umount ${town}`, 'mount -t tmpfs x /mnt'],
      ...[`touch ${path}/.git/evil`, `git -C ${path} config filter.evil.clean x`, `kill -9 ${process.pid}`],
    ];
    const text = [
      ...tries.map((attempt, index) => `if (${attempt}) >/dev/null 2>&1; then echo "could: ${index}"; fi`),
      ...[
        'grep NoNewPrivs /proc/self/status',
        'ls /proc | grep -c "^[0-9]"',
        'cat "$YARDMASTER_PROMPT_FILE"; echo; cat "$YARDMASTER_HANDOVER_FILE"; echo',
        'test -x "$(command -v yardmaster)" && ! test -w "$(command -v yardmaster)" && echo "its own command"',
        'pwd',
      ],
      'echo bread > bread.txt; git add .; git commit -qm Bread',
    ].join('\n');
    const end = await said(
      local,
      reports,
      script(text, { path }, { isolation: 'required', handover: 'It was tired.' }),
    );
    const lines = end.tail.trim().split('\n');
    expect(lines.filter((line) => line.startsWith('could'))).toEqual([]);
    expect(lines).toContain('NoNewPrivs:\t1');
    expect(lines).toContain('Make some bread.');
    expect(lines).toContain('It was tired.');
    expect(lines).toContain('its own command');
    expect(Number(lines.find((line) => /^\d+$/.test(line)))).toBeLessThan(8);
    expect(end).toMatchObject({ code: 0, evidence: { commits: 1 } });
    expect(existsSync(join(path, '.git', 'evil'))).toBe(false);
  });

  test('SEC16 takes all of its processes with it, also those that left its session', async (context) => {
    const { path, local, reports, root } = setUp();
    if (!(await local.isolation()).available) context.skip();
    const text = 'env -i setsid sh -c "sleep 600 & wait" & echo ready > begun; sleep 600';
    await local.start(script(text, { path }, { isolation: 'required', graceMs: 200 }), never);
    await reports.next('heartbeat');
    const { pid } = JSON.parse(readFileSync(join(root, 'runs', 'toast-1', 'agent.json'), 'utf8'));
    await local.stop({ agent: 'toast', epoch: 1, graceMs: 200 });
    expect(isThere(pid)).toBe(false);
    expect(await reports.next('exited')).toMatchObject({
      code: null,
      signal: expect.stringMatching(/^SIG(TERM|KILL)$/),
    });
  });

  test('SEC23 is around the tests of a merge, too', async (context) => {
    const { town, root, path, local } = setUp();
    if (!(await local.isolation()).available) context.skip();
    const worktrees = new Worktrees({ root, git: createGit({ environment }) });
    const made = await worktrees.add({ bead: 'gt-1', epoch: 1 }, { path, targetBranch: 'main' });
    commit(made.worktree, { 'bread.txt': 'bread' }, 'Bread');
    const { head } = await worktrees.collect(made);
    const integrator = createIntegrator({ root, env, environment });
    const request = {
      ...{ rig: 'rig', bead: 'gt-1', title: 'Bread', epoch: 1, repository: { path, targetBranch: 'main' } },
      ...{ branch: made.branch, head, testTimeoutMs: 20_000, isolation: 'required' as const },
    };
    const steals = `cat ${town}/operator.token || touch ${path}/.git/evil || { test -f bread.txt && exit 7; }`;
    const outcome = await integrator.merge({ ...request, test: ['sh', '-c', steals] }, never);
    expect(outcome).toMatchObject({ kind: 'tests_failed', code: 7 });
    expect(
      await integrator.merge({ ...request, test: ['sh', '-c', 'touch built; cat bread.txt'] }, never),
    ).toMatchObject({
      kind: 'merged',
    });
    expect(git(path, 'show', 'main:bread.txt')).toBe('bread');
  });

  test('that is required and can not be refuses the start for good; one that is not goes without', async () => {
    const { path } = setUp();
    const tools = folder();
    for (const name of ['git', 'sh', 'cat'])
      writeFileSync(join(tools, name), `#!/bin/sh\nexec /usr/bin/${name} "$@"\n`, { mode: 0o755 });
    const local = container({ root: join(folder(), 'local'), environment: { ...environment, PATH: tools } });
    const reports = new Reports(local);
    expect(await local.isolation()).toMatchObject({ available: false, reason: expect.stringContaining('unshare') });
    const refused = await local.start(script('true', { path }, { isolation: 'required' }), never);
    expect(refused).toMatchObject({ kind: 'refused', permanent: true, reason: expect.stringContaining('isolated') });
    const end = await said(local, reports, script('cat', { path }, { isolation: 'auto', epoch: 2 }));
    expect(end).toMatchObject({ code: 0, tail: 'Make some bread.' });
  });
});

describe('the limits of a run', () => {
  test('SEC17 are kept by the kernel: memory, processor, files and their size', async () => {
    const { path, local, reports } = setUp();
    const limits = { memoryMb: 300, cpuSeconds: 2, openFiles: 64, fileMb: 1, processes: 5_000 };
    const text = [
      'ulimit -n; grep processes /proc/self/limits',
      'head -c 3000000 /dev/zero > large 2>/dev/null || true; wc -c < large; rm large',
      `${process.execPath} -e 'const all = []; for (;;) all.push(Buffer.alloc(16e6, 1))' >/dev/null 2>&1 || echo "no more memory"`,
      `${process.execPath} -e 'for (;;) {}' || echo "no more time"`,
    ].join('\n');
    const { tail } = await said(local, reports, script(text, { path }, { limits, isolation: 'auto' }));
    const lines = tail
      .trim()
      .split('\n')
      .map((line) => line.trim());
    expect(lines).toEqual(
      expect.arrayContaining([
        '64',
        expect.stringMatching(/5000 +5000/),
        String(1024 * 1024),
        'no more memory',
        'no more time',
      ]),
    );
  });
});
