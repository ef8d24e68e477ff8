/** The driver of any program: how the prompt gets there, and what its exit code means. */
import { beforeEach, expect, it } from 'vitest';
import { command } from '../../../src/drivers/command/driver.ts';
import type { Ended, Profile } from '../../../src/drivers/port.ts';
import { FakeProcess } from '../fake-process.ts';
import { profile, request } from '../requests.ts';
import { VirtualHost } from '../virtual-host.ts';

let host: VirtualHost;
let processes: FakeProcess[];
let play: (process: FakeProcess) => void;

beforeEach(() => {
  host = new VirtualHost();
  processes = [];
  play = (process) => process.exit({ code: 0, signal: null });
  host.onSpawn = (order) => {
    const process = new FakeProcess(order);
    processes.push(process);
    play(process);
    return process;
  };
});

function run(changes: Partial<Profile> = {}, signal = new AbortController().signal): Promise<Ended> {
  const mine = profile({ driver: 'command', gateway: null, program: ['make-it'], ...changes });
  return host.until(command.run(request({ profile: mine }), host, signal));
}

it.each([
  [{ code: 0, signal: null }, 'work'],
  [{ code: 1, signal: null }, 'work'],
  [{ code: 75, signal: null }, 'transient'],
  [{ code: null, signal: 'SIGSEGV' }, 'transient'],
  [{ code: 77, signal: null }, 'permanent'],
  [{ code: 78, signal: null }, 'permanent'],
  [{ code: 126, signal: null }, 'permanent'],
  [{ code: 127, signal: null }, 'permanent'],
  [{ code: null, signal: null, failure: 'EACCES' }, 'permanent'],
] as const)('an end with %o and without work is a failure: %s', async (end, failure) => {
  play = (process) => process.say('last words').exit(end);
  expect(await run()).toMatchObject({ outcome: 'failed', failure, tail: 'last words' });
  expect(processes).toHaveLength(1);
});

it('code 0 with work is the end, and its output is told', async () => {
  host.work = () => 'evident';
  play = (process) => process.say('working').say('careful', 'error').exit({ code: 0, signal: null });
  expect(await run()).toEqual({ outcome: 'completed', tail: 'working\ncareful' });
  expect(host.events.map(({ kind }) => kind)).toEqual(['accepted', 'output', 'output', 'ended']);
});

it('the prompt goes to the input, into an argument, or into a file', async () => {
  await run();
  expect(processes[0]?.order).toMatchObject({ argv: ['make-it'], input: 'Make the file made.txt and commit it.' });
  await run({ arguments: ['--task={prompt}'] });
  expect(processes[1]?.order.argv).toEqual(['make-it', '--task=Make the file made.txt and commit it.']);
  expect(processes[1]?.order.input).toBe('');
  await run({ arguments: ['{promptFile}'] });
  const path = processes[2]?.order.argv[1] ?? '';
  expect(host.files.get(path)).toBe('Make the file made.txt and commit it.');
});

it('a silent program is ended', async () => {
  play = () => {};
  expect(await run()).toMatchObject({ failure: 'transient', reason: 'nothing was heard for 60 s' });
  expect(processes[0]?.killed[0]).toBe('SIGTERM');
});

it('a run that is asked to stop ends the program', async () => {
  const stop = new AbortController();
  play = () => void host.after(1_000, () => stop.abort());
  expect(await run({}, stop.signal)).toMatchObject({ outcome: 'stopped' });
});

it('a program that knows no --version is ready all the same', async () => {
  play = (process) => process.say('unknown option', 'error').exit({ code: 2, signal: null });
  const mine = profile({ driver: 'command', gateway: null, program: ['make-it'] });
  expect(await host.until(command.probe(mine, host))).toMatchObject({ ready: true, version: 'unknown' });
  play = (process) => process.exit({ code: null, signal: null, failure: 'ENOENT' });
  expect(await host.until(command.probe(mine, host))).toMatchObject({ ready: false, check: 'program' });
});
