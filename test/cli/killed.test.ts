/** A town whose process is killed while a run goes on: the next start takes the run up and brings it to its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { exits } from '../../src/cli/exits.ts';
import { MemoryWriter, testShell } from './shell.ts';
import { appears, merges, type Workshop, workshop } from './workshop.ts';

const program = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

type Process = { readonly child: ChildProcess; readonly out: MemoryWriter };

/** `yardmaster up` in a process of its own, when it is open. */
async function up({ rig, root }: Workshop): Promise<Process> {
  const environment = { PATH: process.env.PATH, HOME: root, LANG: 'C.UTF-8' };
  const words = ['--import', 'tsx', program, 'up', ...rig, '--port', '0'];
  const child = spawn(process.execPath, words, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const out = new MemoryWriter();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => out.write(text));
  await out.has(/is at http/);
  return { child, out };
}

async function end({ child }: Process, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  const [code] = await exited;
  return code;
}

test('kill -9 loses no run', { timeout: 60_000 }, async () => {
  const place = workshop();
  const say = async (...words: readonly string[]) => {
    const shell = testShell();
    const code = await shell.run(...words, '--data', place.data);
    return { code, out: shell.out.text };
  };
  writeFileSync(join(place.gate, 'one'), '');
  const first = await up(place);
  expect((await say('add', '--title', 'One', '--id', 'one')).code).toBe(exits.done);
  await appears(join(place.gate, 'one.begun'));
  await end(first, 'SIGKILL');
  expect((await say('status')).out, 'what it left can be read').toContain('beads: 1 in_progress.');
  expect((await say('hold', 'one')).code, 'nobody is there to be told').toBe(exits.noTown);

  const second = await up(place);
  rmSync(join(place.gate, 'one'));
  const follower = testShell();
  const followed = follower.run('log', '--follow', '--data', place.data);
  await follower.out.has(/bead\/one {2}.*→ closed\.merged/);
  follower.signal('SIGINT');
  await followed;
  expect(merges(place.repository)).toEqual(['Merge one: One']);
  expect((await say('show', 'one')).out, 'one attempt, of the first epoch').toMatch(
    /reason\n1 +polecat-1 +one +completed .*\n$/,
  );
  expect(await end(second, 'SIGTERM')).toBe(exits.done);
  expect(second.out.text).toMatch(/is closed\n$/);
  expect((await say('verify')).code).toBe(exits.done);
});
