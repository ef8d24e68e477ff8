/** A town and its runners as processes: killed, cut off, told to end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { exits } from '../../src/cli/exits.ts';
import { MemoryWriter, testShell } from '../cli/shell.ts';
import { appears, git, merges, workshop } from '../cli/workshop.ts';
import { bundleProgram, type Program } from '../torture/program.ts';
import { startRunnerProcess, type Yard, yard } from './yard.ts';

let program: Program;
beforeAll(async () => {
  program = await bundleProgram();
});
afterAll(() => program.remove());

const attemptsAt = ({ town }: Yard, id: string) => town.attempts({ machine: 'bead', id });

test('a runner that vanishes with its runs gives its bead to another one, whose own run is not touched', {
  timeout: 60_000,
}, async () => {
  const made = await yard(program.file);
  const { town, until, state } = made;
  await made.bead('one');
  const first = await made.runner('b1');
  await until('one runs', () => state('bead/one') === 'in_progress.running');
  await made.runner('b2');
  await made.bead('two');
  await until('two runs', () => state('bead/two') === 'in_progress.running');
  expect([attemptsAt(made, 'one')[0]?.container, attemptsAt(made, 'two')[0]?.container]).toEqual(['b1', 'b2']);
  await first.vanish();
  await until('one is given up', () => state('bead/one').startsWith('open'));
  made.open('two');
  await until('two is done', () => state('bead/two') === 'closed.merged');
  made.open('one');
  await town.settled();
  expect(state('bead/one')).toBe('closed.merged');
  expect(attemptsAt(made, 'one').map(({ container }) => container)).toEqual(['b2', 'b1']);
  expect(attemptsAt(made, 'two')).toMatchObject([{ container: 'b2', outcome: 'completed' }]);
  expect(merges(made.repository)).toEqual(['Merge two: two', 'Merge one: one']);
  expect(town.verify().ok).toBe(true);
});

test('a runner that is killed loses no run: started again, it brings them to their end', {
  timeout: 60_000,
}, async () => {
  const made = await yard(program.file);
  const { until, state, town } = made;
  const first = await made.runner('b1');
  await made.bead('one');
  await until('one runs', () => state('bead/one') === 'in_progress.running');
  await first.end('SIGKILL');
  const second = await made.runner('b1');
  expect(second.out.text).toContain('1 run goes on here');
  made.open('one');
  await town.settled();
  expect(attemptsAt(made, 'one')).toMatchObject([{ outcome: 'completed', container: 'b1' }]);
  expect(state('bead/one')).toBe('closed.merged');
});

test('a runner that is told to end saves what its runs have, and their beads go on elsewhere uncharged', {
  timeout: 60_000,
}, async () => {
  const made = await yard(program.file);
  const { until, state, town } = made;
  const first = await made.runner('b1', '--drain', '1s');
  await made.bead('one');
  await until('one runs', () => state('bead/one') === 'in_progress.running');
  await appears(join(made.gate, 'one.begun'));
  const run = `${first.directory}/private/container/worktrees/one-${attemptsAt(made, 'one')[0]?.epoch}`;
  writeFileSync(join(run, 'half.txt'), 'half');
  expect(await first.end('SIGTERM')).toBe(exits.done);
  expect(first.out.text).toMatch(/draining: 1 run may end within 1 s.*\nended\n$/);
  await until('it is evicted', () => attemptsAt(made, 'one')[0]?.outcome === 'evicted');
  const { branch } = attemptsAt(made, 'one')[0] ?? {};
  expect(git(made.repository, 'show', `${branch}:half.txt`)).toBe('half');
  expect(town.get({ machine: 'bead', id: 'one' })?.context).toMatchObject({ runFailures: 0, startFailures: 0 });
  await made.runner('b2');
  made.open('one');
  await town.settled();
  expect(state('bead/one')).toBe('closed.merged');
  expect(git(made.repository, 'show', 'main:half.txt'), 'the next attempt went on from it').toBe('half');
});

/** `yardmaster up`, when it is open. */
async function up(rig: readonly string[], root: string) {
  const words = [program.file, 'up', '--no-local', ...rig];
  const environment = { PATH: process.env.PATH, HOME: root, LANG: 'C.UTF-8' };
  const child = spawn(process.execPath, words, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const out = new MemoryWriter();
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.write(text));
  await out.has(/is at http/);
  return { child, url: /is at (http\S+)/.exec(out.text)?.[1] ?? '' };
}

test('a town that is killed finds its runs at their runner, with what they did meanwhile', {
  timeout: 60_000,
}, async () => {
  const place = workshop();
  const first = await up([...place.rig, '--port', '0'], place.root);
  const runner = await startRunnerProcess(program.file, { ...place, url: first.url, id: 'b1' }, []);
  const shell = testShell();
  writeFileSync(join(place.gate, 'one'), '');
  expect(await shell.run('add', '--title', 'One', '--id', 'one', '--data', place.data)).toBe(exits.done);
  await appears(join(place.gate, 'one.begun'));
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  await runner.out.has(/^lost the town: .* 1 run goes on\./m);
  rmSync(join(place.gate, 'one'));
  await appears(join(runner.directory, 'private', 'container', 'runs', 'polecat-1-1', 'settled.json'));
  await up([...place.rig, '--port', new URL(first.url).port], place.root);
  await runner.out.has(/^registered again as runner b1/m);
  const follower = testShell();
  const followed = follower.run('log', '--follow', '--data', place.data);
  await follower.out.has(/bead\/one {2}.*→ closed\.merged/);
  follower.signal('SIGINT');
  await followed;
  expect(merges(place.repository)).toEqual(['Merge one: One']);
  await shell.run('show', 'one', '--data', place.data);
  expect(shell.out.text.match(/polecat-1 +one +completed/g)).toHaveLength(1);
  expect(await runner.end('SIGTERM')).toBe(exits.done);
});
