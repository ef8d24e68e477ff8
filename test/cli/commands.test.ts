/** Commands against a town that is open, and against one that rests. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exits } from '../../src/cli/exits.ts';
import { type TestShell, testShell } from './shell.ts';
import { appears, merges, type Workshop, workshop } from './workshop.ts';

type Said = { readonly code: number; readonly out: string; readonly errors: string };

/** Runs a command line about the town of the workshop. */
async function say({ data }: Workshop, ...words: readonly string[]): Promise<Said> {
  const shell = testShell();
  const code = await shell.run(...words, '--data', data);
  return { code, out: shell.out.text, errors: shell.errors.text };
}

type Open = { readonly shell: TestShell; close(): Promise<number> };

/** Opens the town of the workshop, as `up` does. */
async function open({ rig }: Workshop, ...more: readonly string[]): Promise<Open> {
  const shell = testShell();
  const ended = shell.run('up', ...rig, '--port', '0', ...more);
  await Promise.race([shell.out.has(/is at http/), ended.then(() => shell.out.has(/is at http/))]);
  return {
    shell,
    close: () => {
      shell.signal('SIGTERM');
      return ended;
    },
  };
}

describe('a town that is open', { timeout: 30_000 }, () => {
  test('prints one address, takes work, and closes', async () => {
    const place = workshop();
    const { shell, close } = await open(place);
    const [town, inspector, ...rest] = shell.out.text.split('\n');
    expect(town).toMatch(
      /^town shop-[0-9a-f]{6} is at http:\/\/127\.0\.0\.1:\d+ \(operator token in .*\/town\/operator\.token\)$/,
    );
    const link = /^inspector: (http:\/\/127\.0\.0\.1:\d+)(\/inspector\/)login\?key=\S+$/.exec(inspector ?? '');
    expect([link?.[2], rest]).toEqual(['/inspector/', ['']]);
    const login = await fetch(inspector?.slice('inspector: '.length) ?? '', { redirect: 'manual' });
    expect([login.status, login.headers.get('location')]).toEqual([303, '/inspector/']);
    const printed = await say(place, 'inspect');
    expect(printed).toMatchObject({
      code: exits.done,
      out: expect.stringContaining(`${link?.[1]}/inspector/login?key=`),
    });
    const added = await say(place, 'add', '--title', 'Write it', '--id', 'one', '--priority', '0', '--label', 'docs');
    expect(added).toEqual({ code: exits.done, out: 'bead/one is open.ready\n1 bead added\n', errors: '' });
    const file = place.work(
      'beads:\n  - { id: two, title: Two, labels: [code] }\n  - { id: three, title: Three, dependsOn: [two] }\n',
    );
    expect((await say(place, 'add', file)).out).toBe(
      'bead/two is open.ready\nbead/three is open.blockedDeps\n2 beads added\n',
    );
    await followUntil(place, /bead\/three {2}.*→ closed\.merged/);
    expect([...merges(place.repository)].sort()).toEqual([
      'Merge one: Write it',
      'Merge three: Three',
      'Merge two: Two',
    ]);
    expect((await say(place, 'list', 'beads', '--label', 'code')).out).toMatch(
      /^id +state +for +title\ntwo +closed\.merged +[\d.]+ s +Two\n$/,
    );
    expect(await close()).toBe(exits.done);
    expect(shell.out.text).toMatch(/is closed\n$/);
  });

  test('is told things, and refuses what its state does not take', async () => {
    const place = workshop();
    const { close } = await open(place, '--agents', '1');
    expect((await say(place, 'pause', '--reason', 'lunch')).out).toMatch(
      /^breaker\/town is paused\.byOperator \(log \d+\)\n$/,
    );
    expect((await say(place, 'status')).out).toContain('breaker paused.byOperator (lunch)');
    await say(place, 'add', '--title', 'One', '--id', 'one');
    const nonsense = await say(place, 'list', '--state', 'nonsense');
    expect(nonsense).toMatchObject({ code: exits.usage, out: '' });
    expect(nonsense.errors).toMatch(
      /a bead has no state "nonsense"; it can be in: open, open\.ready, .*failed\.cancelled/,
    );
    expect((await say(place, 'list', '--state', 'open')).out).toContain('one  open.ready');
    expect((await say(place, 'why', 'one')).out).toContain('a person: resume the town');
    expect((await say(place, 'hold', 'one', '--reason', 'not now')).out).toContain('bead/one is open.held');
    expect((await say(place, 'show', 'one')).out).toContain('reason: not now');
    expect((await say(place, 'release', 'one')).out).toContain('bead/one is open.ready');
    expect((await say(place, 'cancel', 'one')).out).toContain('bead/one is failed.cancelled');
    const twice = await say(place, 'cancel', 'one');
    expect(twice.code).toBe(exits.refused);
    expect(twice.errors).toMatch(/accepts REOPEN|REOPEN/);
    expect((await say(place, 'retry', 'one')).out).toContain('bead/one is open.ready');
    expect((await say(place, 'reset', 'polecat-1')).out).toContain('agent/polecat-1 is idle.ready');
    expect((await say(place, 'pause', 'agent/polecat-1')).out).toContain('agent/polecat-1 is idle.paused');
    expect((await say(place, 'resume', 'agent/polecat-1')).out).toContain('agent/polecat-1 is idle.ready');
    expect((await say(place, 'pause', 'rig/shop')).out).toContain('rig/shop is paused');
    expect((await say(place, 'send', 'rig/shop', 'RESUME')).out).toContain('rig/shop is active');
    expect((await say(place, 'policy', '--set', 'attemptsMax=3')).out).toMatch(/^attemptsMax +3 +5 +Failed starts/m);
    expect(JSON.parse((await say(place, 'policy', '--json')).out)).toMatchObject({ attemptsMax: 3, recycleMs: 50 });
    expect(await close()).toBe(exits.done);
  });

  test('answers mistakes with their exit codes', async () => {
    const place = workshop();
    const { close } = await open(place);
    const code = async (...words: readonly string[]) => (await say(place, ...words)).code;
    expect(await code('show', 'nobody')).toBe(exits.usage);
    expect(await code('cancel', 'nobody')).toBe(exits.usage);
    expect(await code('send', 'agent/polecat-1', 'NONSENSE')).toBe(exits.refused);
    expect(await code('send', 'agent/polecat-1', 'STOP', '{')).toBe(exits.usage);
    expect(await code('send', 'polecat-1', 'STOP')).toBe(exits.usage);
    expect(await code('pause', 'bead/x')).toBe(exits.usage);
    expect(await code('add')).toBe(exits.usage);
    expect(await code('add', '--title', 'X', '--depends-on', 'nobody')).toBe(exits.usage);
    expect(await code('policy', '--set', 'leaseMs=1s')).toBe(exits.usage);
    expect(await code('list', 'nonsense')).toBe(exits.usage);
    expect(await code('up', '--port', '0')).toBe(exits.busy);
    expect(await code('backup', join(place.root, 'while-open.db'))).toBe(exits.done);
    expect(existsSync(join(place.root, 'while-open.db'))).toBe(true);
    expect(await code('verify')).toBe(exits.done);
    writeFileSync(join(place.data, 'operator.token'), `ymo_${'x'.repeat(43)}\n`);
    expect(await code('status')).toBe(exits.noTown);
    await close();
  });

  test('closes while a run goes on, and takes it up again', async () => {
    const place = workshop();
    writeFileSync(join(place.gate, 'one'), '');
    const first = await open(place);
    await say(place, 'add', '--title', 'One', '--id', 'one');
    await appears(join(place.gate, 'one.begun'));
    expect(await first.close()).toBe(exits.done);
    expect(first.shell.out.text).toContain('is closed; 1 run went on, the next start takes them up');
    const second = await open(place);
    rmSync(join(place.gate, 'one'));
    await followUntil(place, /bead\/one {2}.*→ closed\.merged/);
    expect((await say(place, 'show', 'one')).out).toMatch(
      /epoch +agent +bead +outcome.*\n1 +polecat-1 +one +completed/,
    );
    await second.close();
  });
});

test('a listener ends when the town is closed', { timeout: 30_000 }, async () => {
  const place = workshop();
  const { close } = await open(place);
  const shell = testShell();
  const followed = shell.run('log', '--follow', '--json', '--machine', 'breaker', '--data', place.data);
  await shell.out.has(/"xstate\.init"/);
  await say(place, 'pause');
  await shell.out.has(/"PAUSE"/);
  await close();
  expect(await followed).toBe(exits.done);
  expect(shell.errors.text).toBe('the town was closed\n');
  const rows = shell.out.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows.map((row) => row.event.type)).toEqual(['xstate.init', 'PAUSE']);
});

test('a town that rests can be looked at and copied, but not told anything', { timeout: 30_000 }, async () => {
  const place = workshop();
  const { close } = await open(place);
  await say(place, 'pause');
  await say(place, 'add', '--title', 'One', '--id', 'one', '--body', 'All of it.');
  await close();

  expect((await say(place, 'status')).out).toContain('beads: 1 open.ready\n');
  expect((await say(place, 'list', 'agents')).out).toMatch(/polecat-3 +idle\.ready/);
  expect((await say(place, 'list', 'rigs')).out).toContain(place.repository);
  for (const what of ['containers', 'escalations', 'timers', 'outbox'])
    expect((await say(place, 'list', what)).code, what).toBe(exits.done);
  expect((await say(place, 'show', 'one')).out).toContain('All of it.');
  expect(JSON.parse((await say(place, 'show', 'one', '--json')).out)).toMatchObject({
    substate: 'open.ready',
    brief: 'All of it.',
  });
  expect((await say(place, 'why', 'one')).out).toContain('the breaker lets dispatches pass');
  expect((await say(place, 'log', '--entity', 'one')).out).toMatch(
    /bead\/one {2}xstate\.init {2}\(born\) → open\.ready/,
  );
  expect(JSON.parse((await say(place, 'policy', '--json')).out)).toMatchObject({ recycleMs: 50 });
  expect((await say(place, 'verify')).out).toMatch(/^ok: /);

  for (const words of [
    ['hold', 'one'],
    ['retry', 'one'],
    ['add', '--title', 'x'],
    ['pause'],
    ['policy', '--set', 'attemptsMax=2'],
    ['log', '--follow'],
  ]) {
    const refused = await say(place, ...words);
    expect(refused.code, words.join(' ')).toBe(exits.noTown);
    expect(refused.errors).toContain(`yardmaster up --data ${place.data}`);
  }
  const copy = join(place.root, 'copy.db');
  expect(await say(place, 'backup', copy)).toMatchObject({ code: exits.done, out: `${copy}\n` });
  expect((await say(place, 'backup', copy)).code, 'a backup replaces nothing').toBe(exits.refused);
});

test('without a town there is nothing to look at', async () => {
  for (const words of [['status'], ['verify'], ['backup', 'x.db'], ['hold', 'x'], ['up']]) {
    const shell = testShell();
    expect(await shell.run(...words), words.join(' ')).toBe(exits.noTown);
    expect(shell.errors.text).toMatch(/^yardmaster: no town belongs to .* --data .*there is no town yet/);
  }
});

/** Follows the log until a line of it matches. */
async function followUntil({ data }: Workshop, pattern: RegExp): Promise<void> {
  const shell = testShell();
  const ended = shell.run('log', '--follow', '--limit', '500', '--data', data);
  await Promise.race([shell.out.has(pattern), ended.then(() => expect(shell.errors.text).toBe(''))]);
  shell.signal('SIGINT');
  expect(await ended).toBe(exits.done);
}
