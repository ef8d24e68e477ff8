/** The words of `runner` and `runner-token`: what they refuse, and with which code. */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exits } from '../../src/cli/exits.ts';
import { openMemory } from '../../src/store/memory.ts';
import { createTown } from '../../src/town/town.ts';
import { folder, testShell } from './shell.ts';

const TOKEN = `ymh_${'t'.repeat(43)}`;
const NOBODY = 'http://127.0.0.1:9';

test('the token of a runner is written for its owner only, and is the same each time', async () => {
  const data = folder();
  const shell = testShell();
  const { env } = shell;
  await (await createTown({ directory: data, env, store: openMemory({ env }) }))[Symbol.asyncDispose]();
  writeFileSync(join(data, 'town.db'), '');
  const file = join(shell.directory, 'b1.token');
  expect(await shell.run('runner-token', 'b1', '--data', data, '--write', 'b1.token')).toBe(exits.done);
  expect(shell.out.text).toBe(`the token of runner b1 is in ${file}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const printed = testShell();
  await printed.run('runner-token', 'b1', '--data', data);
  expect(printed.out.text).toBe(readFileSync(file, 'utf8'));
  expect(await shell.run('runner-token', 'local', '--data', data)).toBe(exits.usage);
  expect(await shell.run('runner-token', 'B 1', '--data', data)).toBe(exits.usage);
});

test.each([
  ['no token', [], {}, /YARDMASTER_RUNNER_TOKEN holds no token: .*runner-token/],
  [
    'a file that is not there',
    ['--token-file', 'none'],
    {},
    /none can not be read \(ENOENT: [a-z ]+\): .*runner-token <id>/,
  ],
  ['a file that others can read', ['--token-file', 'open.token'], {}, /run chmod 600 on it/],
  ['a name that is none', ['--id', 'B 1'], { YARDMASTER_RUNNER_TOKEN: TOKEN }, /is no name for a runner/],
  [
    'the name of the town itself',
    ['--id', 'local'],
    { YARDMASTER_RUNNER_TOKEN: TOKEN },
    /give the runner another name/,
  ],
  [
    'more than an address',
    ['--town', `${NOBODY}/api`],
    { YARDMASTER_RUNNER_TOKEN: TOKEN },
    /address of a town and nothing/,
  ],
  ['a label that is none', ['--label', 'a b'], { YARDMASTER_RUNNER_TOKEN: TOKEN }, /"a b" is no id for --label/],
  ['a duration that is none', ['--drain', 'soon'], { YARDMASTER_RUNNER_TOKEN: TOKEN }, /must be a duration/],
])('%s is wrong usage', async (_, words, environment, said) => {
  const shell = testShell({ environment });
  const file = join(shell.directory, 'open.token');
  writeFileSync(file, TOKEN);
  chmodSync(file, 0o644);
  expect(await shell.run('runner', '--town', NOBODY, '--id', 'b1', ...words)).toBe(exits.usage);
  expect(shell.errors.text).toMatch(said);
});

test('it waits for a town that is not there, and ends when it is told to', async () => {
  const shell = testShell({ environment: { YARDMASTER_RUNNER_TOKEN: `${TOKEN}\n` } });
  const ended = shell.run('runner', '--town', NOBODY, '--id', 'b1');
  await shell.out.has(/^no town yet: the town at http:\/\/127\.0\.0\.1:9 does not answer/m);
  shell.signal('SIGTERM');
  expect(await ended).toBe(exits.done);
  expect(shell.out.text).toMatch(/draining: 0 runs .*\nended\n$/);
  expect(shell.errors.text).toBe('');
});

test('a town that is reached in the open is warned of', async () => {
  const shell = testShell({ environment: { YARDMASTER_RUNNER_TOKEN: TOKEN } });
  const ended = shell.run('runner', '--town', 'http://town.invalid:4680', '--id', 'b1');
  await shell.out.has(/^no town yet/m);
  shell.signal('SIGTERM');
  await ended;
  expect(shell.errors.text).toMatch(/^warning: town\.invalid:4680 is reached without TLS/);
});

test('a town that is open to a network says so; one without a container of its own has none', async () => {
  const shell = testShell();
  const place = ['--data', join(shell.directory, 'town'), '--port', '0', '--no-local'];
  const closed = shell.run('up', ...place, '--host', '0.0.0.0', '--allowed-host', 'town.lan:4680');
  await shell.out.has(/is at http:\/\/127\.0\.0\.1:\d+/);
  expect(shell.errors.text).toMatch(/^warning: 0\.0\.0\.0 is open to other machines, and without TLS/);
  const list = testShell();
  await list.run('list', 'containers', '--data', join(shell.directory, 'town'));
  expect(list.out.text).not.toContain('local');
  shell.signal('SIGTERM');
  expect(await closed).toBe(exits.done);
  const refused = testShell();
  expect(await refused.run('up', ...place, '--host', '0.0.0.0')).toBe(exits.usage);
  expect(refused.errors.text).toContain('name the hosts that it is reached by');
});
