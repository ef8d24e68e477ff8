/** The host with real processes and files. */
import { mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createSystemHost } from '../../src/drivers/system-host.ts';
import { createSystemEnv } from '../../src/env/system.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'yardmaster-')));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const host = createSystemHost(createSystemEnv({ log: () => {} }), {
  environment: { PATH: process.env.PATH ?? '' },
  emit: () => {},
  log: () => {},
  workState: async () => 'none',
  onPerson: () => () => {},
});

function start(script: string, input: string | null = '') {
  const child = host.spawn({ argv: ['sh', '-c', script], directory: '/', environment: host.environment, input });
  const lines: string[] = [];
  child.onLine((line, from) => lines.push(`${from}: ${line}`));
  return { child, lines };
}

it('hands on whole lines of both streams, the last one too, before the end', async () => {
  const { child, lines } = start('printf "one\\ntwo"; printf "three" >&2; exit 3');
  expect(await child.ended).toEqual({ code: 3, signal: null });
  expect(lines.sort()).toEqual(['error: three', 'output: one', 'output: two']);
});

it('gives the input and closes it', async () => {
  const { child, lines } = start('cat', 'the prompt');
  await child.ended;
  expect(lines).toEqual(['output: the prompt']);
});

it('keeps an open input for conversations', async () => {
  const { child, lines } = start('read line; echo "heard $line"', null);
  child.write('hello\n');
  await child.ended;
  expect(lines).toEqual(['output: heard hello']);
});

it('kills what the program started in its group', async () => {
  const { child } = start('sleep 300 & echo up; wait');
  child.kill('SIGKILL');
  expect(await child.ended).toMatchObject({ code: null, signal: 'SIGKILL' });
});

it('does not wait for a stranger that holds the pipes', async () => {
  const { child, lines } = start('setsid sleep 5 & echo done');
  expect(await child.ended).toMatchObject({ code: 0 });
  expect(lines).toEqual(['output: done']);
});

it('says why a program can not be started', async () => {
  const child = host.spawn({ argv: ['/no/such/program'], directory: '/', environment: {}, input: '' });
  expect(await child.ended).toEqual({ code: null, signal: null, failure: 'ENOENT' });
});

it('writes files that only their owner reads', async () => {
  const path = join(root, 'home', 'file.json');
  await host.writeFile(path, '{}');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await host.readFile(path)).toBe('{}');
  expect(await host.readFile(join(root, 'none'))).toBeNull();
});
