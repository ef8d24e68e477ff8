/** `yardmaster run` with real processes and a real repository. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exits } from '../../src/cli/exits.ts';
import { testShell } from './shell.ts';
import { appears, git, merges, workshop } from './workshop.ts';

const two = 'beads:\n  - { id: second, title: Second, dependsOn: [first] }\n  - { id: first, title: First }\n';

describe('run', { timeout: 30_000 }, () => {
  test('works a backlog to its end, and again adds only what is new', async () => {
    const { repository, data, work, rig } = workshop();
    const first = testShell();
    expect(await first.run('run', work(two), ...rig, '--test', 'test -f agent.sh')).toBe(exits.done);
    expect(merges(repository)).toEqual(['Merge first: First', 'Merge second: Second']);
    expect(existsSync(join(repository, 'second.txt'))).toBe(true);
    expect(git(repository, 'status', '--porcelain')).toBe('');
    expect(first.out.text).toMatch(/^town shop-[0-9a-f]{6}: 2 new beads, 3 agents/);
    expect(first.out.text).toMatch(/first {3}closed\.merged {2}1 {9}polecat-\d {2}[\d.]+ s +[0-9a-f]{10}\n/);
    expect(first.out.text).toContain('2 of 2 beads closed\n');
    expect(first.errors.text).toBe('');

    const again = testShell();
    const more = `${two}  - { title: A third one }\n`;
    expect(await again.run('run', work(more), ...rig, '--json')).toBe(exits.done);
    const result = JSON.parse(again.out.text);
    expect(result).toMatchObject({ closed: true, data });
    expect(result.beads.map((bead: { id: string }) => bead.id).sort()).toEqual(['a-third-one', 'first', 'second']);
    expect(again.errors.text).toContain('1 new bead, 2 known');
    expect(merges(repository)).toHaveLength(3);

    expect(await testShell().run('verify', '--data', data)).toBe(exits.done);
  });

  test('a work file may say everything, its secrets by reference', async () => {
    const { root, repository, data, gate, work } = workshop();
    const rig = {
      repo: 'shop',
      agent: './agent.sh',
      test: 'test -f agent.sh',
      env: { GATE: gate },
      secrets: { TOKEN: 'env:MY_TOKEN' },
    };
    const policy = { recycleMs: 50, runsMax: 1 };
    const file = work(JSON.stringify({ town: 'bakery', rig, policy, agents: 1, beads: [{ title: 'Bake' }] }));
    const shell = testShell({ directory: root, environment: { MY_TOKEN: 'hunter2-and-more' } });
    expect(await shell.run('run', file, '--data', 'town')).toBe(exits.done);
    expect(shell.out.text).toMatch(/^town bakery: 1 new bead, 1 agent, /);
    expect(merges(repository)).toEqual(['Merge bake: Bake']);
    expect(readFileSync(join(data, 'town.db')).includes('hunter2')).toBe(false);
  });

  test('ends with 1 when a bead is not closed, and says why', async () => {
    const { gate, work, rig } = workshop();
    writeFileSync(join(gate, 'first.fail'), '');
    const shell = testShell();
    expect(await shell.run('run', work(two), ...rig, '--set', 'runsMax=2')).toBe(exits.unfinished);
    expect(shell.out.text).toContain(
      'crashed with exit code 3 → agent exited.crashed, bead open.backoff, retry in 0.1 s',
    );
    expect(shell.out.text).toMatch(/first {3}failed\.gaveUp +2 .*ended with exit code 3\n/);
    expect(shell.out.text).toMatch(/second {2}open\.blockedFailedDependency {2}0 .*failed: first\n/);
    expect(shell.out.text).toContain('0 of 2 beads closed, 1 failed, 1 not finished');
  });

  test('Ctrl-C lets what runs come to its end; the same command goes on', async () => {
    const { gate, repository, work, rig } = workshop();
    const file = work('beads:\n  - { id: one, title: One }\n  - { id: two, title: Two }\n');
    writeFileSync(join(gate, 'one'), '');
    const shell = testShell();
    const ended = shell.run('run', file, ...rig, '--agents', '1');
    await appears(join(gate, 'one.begun'));
    shell.signal('SIGINT');
    await shell.out.has(/Stopping: nothing more is started/);
    rmSync(join(gate, 'one'));
    expect(await ended).toBe(exits.interrupted);
    expect(merges(repository)).toEqual(['Merge one: One']);
    expect(shell.out.text).toContain('The same command again goes on from here');

    expect(await testShell().run('run', file, ...rig)).toBe(exits.done);
    expect(merges(repository)).toEqual(['Merge one: One', 'Merge two: Two']);
  });

  test('one Ctrl-C ends it when all that is left is a merge that is in the way of a person', async () => {
    const { gate, repository, work, rig } = workshop();
    writeFileSync(join(gate, 'one'), '');
    const shell = testShell();
    const ended = shell.run('run', work('beads:\n  - { id: one, title: One }\n'), ...rig);
    await appears(join(gate, 'one.begun'));
    writeFileSync(join(repository, 'agent.sh'), '#!/bin/sh\n', { mode: 0o755 });
    rmSync(join(gate, 'one'));
    await shell.out.has(/merge blocked: .* has uncommitted changes/);
    shell.signal('SIGINT');
    expect(await ended).toBe(exits.interrupted);
    expect(shell.out.text).toMatch(/one +in_progress\.inReview\.blocked/);
  });

  test('a second Ctrl-C stops the runs, and their beads are open again', async () => {
    const { gate, data, work, rig } = workshop();
    writeFileSync(join(gate, 'first'), '');
    const shell = testShell();
    const ended = shell.run('run', work(two), ...rig);
    await appears(join(gate, 'first.begun'));
    shell.signal('SIGINT');
    await shell.out.has(/Stopping: nothing more is started/);
    shell.signal('SIGINT');
    expect(await ended).toBe(exits.interrupted);
    const after = testShell();
    expect(await after.run('list', 'beads', '--json', '--data', data)).toBe(exits.done);
    const states = JSON.parse(after.out.text).items.map((bead: { state: string }) => bead.state);
    expect(states).toEqual(['open', 'open']);
  });

  test('a town that another one has open is left alone', async () => {
    const { data, gate, work, rig } = workshop();
    writeFileSync(join(gate, 'first'), '');
    const file = work(two);
    const shell = testShell();
    const ended = shell.run('run', file, ...rig);
    await appears(join(gate, 'first.begun'));
    const other = testShell();
    expect(await other.run('run', file, ...rig)).toBe(exits.busy);
    expect(other.errors.text).toContain(`${join(data, 'town.db')} is open for writing in`);
    rmSync(join(gate, 'first'));
    expect(await ended).toBe(exits.done);
  });
});

describe('run refuses before anything is written', () => {
  type Case = {
    readonly name: string;
    readonly says: RegExp;
    arrange(place: ReturnType<typeof workshop>): readonly string[];
  };
  const cases: readonly Case[] = [
    {
      name: 'a work file with mistakes',
      says: /work\.yaml:2:\d+: .*titel/,
      arrange: ({ work, rig }) => [work('beads:\n  - { id: a, titel: A }\n'), ...rig],
    },
    {
      name: 'a work file that is not there',
      says: /the work file .*nowhere\.yaml can not be read \(it does not exist\)/,
      arrange: ({ rig }) => ['nowhere.yaml', ...rig],
    },
    {
      name: 'uncommitted changes',
      says: /has uncommitted changes on "main" \(agent\.sh\): commit or stash them/,
      arrange: ({ work, rig, repository }) => {
        writeFileSync(join(repository, 'agent.sh'), '#!/bin/sh\n', { mode: 0o755 });
        return [work(two), ...rig];
      },
    },
    {
      name: 'a folder that is no repository',
      says: /is not a git repository: run git init there/,
      arrange: ({ work, rig, root }) => [work(two), ...rig, '--repo', root],
    },
    {
      name: 'a branch that is not there',
      says: /has no branch "next"; it has: main/,
      arrange: ({ work, rig }) => [work(two), ...rig, '--branch', 'next'],
    },
    {
      name: 'programs that do not exist, both at once',
      says: /the command "no-such-agent" does not exist[\s\S]*the command "no-such-test" does not exist/,
      arrange: ({ work, rig }) => [work(two), ...rig, '--agent', 'no-such-agent -p', '--test', 'no-such-test'],
    },
    {
      name: 'secrets that are missing',
      says: /the secret TOKEN is missing: the environment variable NO_SUCH_TOKEN is not set/,
      arrange: ({ work, rig }) => [work(two), ...rig, '--secret', 'TOKEN=env:NO_SUCH_TOKEN'],
    },
    {
      name: 'a secret that is a value, without showing it',
      says: /^(?![\s\S]*hunter2)[\s\S]*the secret TOKEN is missing: it is given as a value/,
      arrange: ({ work, rig }) => [work(two), ...rig, '--secret', 'TOKEN=hunter2'],
    },
    {
      name: 'a setting that does not exist',
      says: /there is no setting lease/,
      arrange: ({ work, rig }) => [work(two), ...rig, '--set', 'lease=3'],
    },
    {
      name: 'settings that do not fit together',
      says: /leaseMs: must be at least twice heartbeatMs/,
      arrange: ({ work, rig }) => [work(two), ...rig, '--set', 'leaseMs=31s'],
    },
    {
      name: 'no repository',
      says: /no repository is given: use --repo/,
      arrange: ({ work }) => [work(two), '--agent', 'true'],
    },
    {
      name: 'a number that is none',
      says: /It must be a whole number from 1/,
      arrange: ({ work }) => [work(two), '--agents', 'many'],
    },
  ];
  test.each(cases)('$name', async ({ says, arrange }) => {
    const place = workshop();
    const shell = testShell({ directory: place.root });
    expect(await shell.run('run', ...arrange(place))).toBe(exits.usage);
    expect(shell.errors.text).toMatch(says);
    expect(shell.out.text).toBe('');
    expect(existsSync(join(place.data, 'town.db'))).toBe(false);
    expect(existsSync(join(place.root, '.yardmaster'))).toBe(false);
  });
});
