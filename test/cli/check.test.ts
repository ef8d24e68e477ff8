/** The command `check` as its user sees it: verdicts, the way to a fault, honest exit codes. */
import { expect, test } from 'vitest';
import { reportText } from '../../src/cli/commands/check.ts';
import { exits } from '../../src/cli/exits.ts';
import { testShell } from './shell.ts';

const plain = (_: unknown, text: string) => text;
const report = { scene: 'one and one', states: 12_345, edges: 99, steps: 7 };

test('a proof is a line', () => {
  expect(reportText({ ...report, verdict: 'proved', sentence: null, story: [] }, plain)).toBe(
    'proved      one and one: 12,345 states, 99 steps\n',
  );
});

test('a refutation is told as a story', () => {
  const story = [{ happened: 'the timer x of bead b1 fires', changes: ['bead b1 hears its timer x: a → b'] }];
  expect(reportText({ ...report, verdict: 'refuted', sentence: 'it is stuck', story }, plain)).toBe(
    [
      'refuted     one and one: 12,345 states, 99 steps',
      '  1. the timer x of bead b1 fires.',
      '       bead b1 hears its timer x: a → b',
      '  So it is stuck.',
      '',
    ].join('\n'),
  );
});

test('a policy that does not fit together is wrong usage', async () => {
  const shell = testShell();
  expect(await shell.run('check', '--set', 'leaseMs=1s')).toBe(exits.usage);
  expect(shell.errors.text).toContain('leaseMs: must be at least twice heartbeatMs');
});

test('what is not finished in time is not proved', async () => {
  const shell = testShell();
  const code = await shell.run('check', '--agents', '3', '--beads', '3', '--deadline', '1', '--json');
  const said = JSON.parse(shell.out.text) as { proved: boolean; reports: { verdict: string }[] };
  expect([code, said.proved, said.reports[0]?.verdict]).toEqual([exits.unfinished, false, 'no verdict']);
}, 20_000);
