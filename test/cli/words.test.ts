/** From the words of a command line to values: settings, events, subjects, names, folders. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { durationMs, durationText } from '../../machines/durations.ts';
import { defaultPolicy } from '../../machines/policy.ts';
import { policyText } from '../../src/cli/commands/policy.ts';
import { parseEvent, parsePairs, parseSettings, parseSubject } from '../../src/cli/parse.ts';
import {
  files,
  placeOfRepository,
  placeOfTown,
  readAddress,
  slug,
  townName,
  writeAddress,
} from '../../src/cli/places.ts';
import { nameBeads } from '../../src/cli/run.ts';
import { eventsIn } from '../../src/cli/stream.ts';
import { folder, testShell } from './shell.ts';

test('settings take JSON, and durations where they are milliseconds', () => {
  expect(
    parseSettings([
      'attemptsMax=3',
      'leaseMs=90s',
      'cooldownMs=10min',
      'backoffMs=1s,2s',
      'jitter=0.1',
      'beadBudgetUsd=null',
    ]),
  ).toEqual({
    ...{
      attemptsMax: 3,
      leaseMs: 90_000,
      cooldownMs: 600_000,
      backoffMs: [1_000, 2_000],
      jitter: 0.1,
      beadBudgetUsd: null,
    },
  });
});

test('a setting that is unknown or out of bounds is refused by name', () => {
  expect(() => parseSettings(['atemptsMax=3'])).toThrow('there is no setting atemptsMax');
  expect(() => parseSettings(['attemptsMax=99'])).toThrow('--set: attemptsMax');
  expect(() => parseSettings(['leaseMs=soon'])).toThrow('leaseMs');
  expect(() => parseSettings(['attemptsMax'])).toThrow('--set takes name=value');
});

test('a wrong setting is told in a sentence: where, what was given, what is allowed, what it is for', () => {
  expect(() => parseSettings(['attemptsMax=99'])).toThrow(
    '--set: attemptsMax is 99, above 10: take at most 10 (Failed starts in a row before a bead is failed.exhausted)',
  );
  expect(() => parseSettings(['leaseMs=soon'])).toThrow(
    '--set: leaseMs is no duration: write milliseconds, or a number with its unit, such as 90s, 5m or 2h ' +
      '(How long a heartbeat is proof of life; at least twice heartbeatMs)',
  );
  expect(() => parseSettings(['runsMax=few'])).toThrow('runsMax is text, not a number: make it a number');
});

test('a pair that is none is not repeated, for it may be a secret', () => {
  expect(parsePairs(['A=1', 'B=x=y'], '--env')).toEqual({ A: '1', B: 'x=y' });
  expect(() => parsePairs(['sk-hunter2'], '--secret')).toThrow(/^(?!.*hunter2)--secret takes/);
});

test('durations have units', () => {
  expect(['250', '250ms', '1.5s', '2m', '2min', '1h', '1d', 'x'].map(durationMs)).toEqual([
    ...[250, 250, 1_500, 120_000, 120_000, 3_600_000, 86_400_000, null],
  ]);
  for (const [name, ms] of Object.entries(defaultPolicy)) {
    if (name.endsWith('Ms') && typeof ms === 'number') expect(durationMs(durationText(ms))).toBe(ms);
  }
  expect([90_000, 300_000, 7_200_000, 250].map(durationText)).toEqual(['90s', '5m', '2h', '250ms']);
});

test('the policy shows each setting with value, default and what it does', () => {
  const text = policyText({ ...defaultPolicy, leaseMs: 120_000 }, (_, plain) => plain);
  expect(text).toMatch(/^leaseMs +2m +90s +How long a heartbeat is proof of life; at least twice heartbeatMs\.$/m);
  expect(text).toMatch(/^backoffMs +30s,1m,2m,5m,10m +30s,1m,2m,5m,10m +The wait after failure 1, 2, …/m);
  expect(text).toMatch(/^beadBudgetUsd +none +none +What one bead may cost; null: any amount\.$/m);
  const lines = text.trimEnd().split('\n').slice(1);
  expect(lines.filter((line) => !line.endsWith('.'))).toEqual([]);
  expect(lines).toHaveLength(Object.keys(defaultPolicy).length);
});

test('events and subjects', () => {
  expect(parseEvent('STOP', '{"reason":"slow","type":"OTHER"}')).toEqual({ reason: 'slow', type: 'STOP' });
  expect(() => parseEvent('STOP', '{')).toThrow('no JSON');
  expect(() => parseEvent('STOP', '[1]')).toThrow('JSON object');
  expect(parseSubject('agent/toast')).toEqual({ machine: 'agent', id: 'toast' });
  expect(parseSubject('slugify')).toEqual({ machine: 'bead', id: 'slugify' });
});

test('beads without an id get one from their title, the same each time', () => {
  const beads = [
    { title: 'Fix it!' },
    { title: 'Fix it' },
    { id: 'fix-it-2', title: 'x' },
    { title: 'ÄÖ ß' },
    { title: '…' },
  ];
  expect(nameBeads(beads).map(({ id }) => id)).toEqual(['fix-it', 'fix-it-3', 'fix-it-2', 'ao', 'town']);
  expect(slug('a'.repeat(100))).toHaveLength(40);
});

test('the town of a repository has a place of its own', () => {
  const shell = testShell();
  const repository = join(shell.directory, 'My App');
  mkdirSync(join(repository, '.git'), { recursive: true });
  expect(townName(repository)).toMatch(/^my-app-[0-9a-f]{6}$/);
  const place = placeOfRepository(shell, repository, undefined);
  expect(place).toBe(join(shell.directory, '.yardmaster', townName(repository)));
  expect(placeOfRepository(shell, repository, 'elsewhere')).toBe(join(shell.directory, 'elsewhere'));

  expect(() => placeOfTown(shell, undefined)).toThrow('there is no town yet');
  expect(() => placeOfTown(shell, 'elsewhere')).toThrow('there is no town in');
  mkdirSync(place, { recursive: true });
  writeFileSync(files.database(place), '');
  expect(placeOfTown({ ...shell, directory: repository }, undefined)).toBe(place);
  expect(placeOfTown(shell, undefined), 'the only one there is').toBe(place);
});

test('the address of a process that is gone does not count', () => {
  const directory = folder();
  expect(readAddress(directory)).toBeNull();
  writeAddress(directory, 'http://127.0.0.1:1234', process.pid);
  expect(readAddress(directory)?.url).toBe('http://127.0.0.1:1234');
  const stale = { url: 'http://127.0.0.1:1234', pid: process.pid, startedAt: 'another' };
  writeFileSync(files.address(directory), JSON.stringify(stale));
  expect(readAddress(directory)).toBeNull();
});

test('a stream of events is read across the borders of its pieces', async () => {
  const text = ': hello\n\nid: 7\nevent: row\ndata: {"a":\ndata: 1}\n\nretry: 2000\n\ndata: é\n\ndata: cut';
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const events = [];
  for await (const event of eventsIn(body)) events.push(event);
  expect(events).toEqual([
    { id: '7', event: 'row', data: '{"a":\n1}' },
    { id: null, event: 'message', data: 'é' },
  ]);
});
