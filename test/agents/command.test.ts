/** Commands become arguments without a shell, and what a prompt says stays a prompt. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fillCommand, findProgram, parseCommand } from '../../src/agents/command.ts';
import { folder, write } from './workshop.ts';

const values = { prompt: 'Do it.', promptFile: '/tmp/prompt.txt', bead: 'gt-1', title: 'A title' };

test('a command is split as a person quotes it', () => {
  const command = parseCommand(`claude -p --model "big one" --note='it is $(id)'`);
  expect(command).toEqual({
    argv: ['claude', '-p', '--model', 'big one', '--note=it is $(id)'],
    promptBy: 'stdin',
  });
});

test('the prompt goes where the command names it, else to standard input', () => {
  expect(parseCommand('kilo run {prompt}').promptBy).toBe('argument');
  expect(parseCommand('kilo run --file {promptFile}').promptBy).toBe('file');
  expect(parseCommand('claude -p').promptBy).toBe('stdin');
});

test.each(['', '   ', 'a && b', 'a | b', 'a > b'])('a command that can not work is refused: "%s"', (text) => {
  expect(() => parseCommand(text)).toThrow(expect.objectContaining({ name: 'Refused', code: 'invalid' }));
});

test('placeholders are filled once: a prompt that holds one is left as it is', () => {
  const command = { argv: ['x', '{bead}: {title}', '{prompt}', '{other}'], promptBy: 'argument' } as const;
  const filled = fillCommand(command, { ...values, prompt: 'say {title} $& and {prompt}' });
  expect(filled).toEqual({ argv: ['x', 'gt-1: A title', 'say {title} $& and {prompt}', '{other}'], stdin: false });
});

test('promptBy decides when no argument names the prompt', () => {
  expect(fillCommand({ argv: ['x'], promptBy: 'stdin' }, values)).toEqual({ argv: ['x'], stdin: true });
  expect(fillCommand({ argv: ['x'], promptBy: 'argument' }, values)).toEqual({ argv: ['x', 'Do it.'], stdin: false });
  expect(fillCommand({ argv: ['x'], promptBy: 'file' }, values)).toEqual({ argv: ['x'], stdin: false });
});

test('what no argument can hold is refused with a way out', () => {
  const command = { argv: ['x', '{prompt}'], promptBy: 'argument' } as const;
  expect(() => fillCommand(command, { ...values, prompt: 'x'.repeat(200_000) })).toThrow(
    /standard input or \{promptFile\}/,
  );
  expect(() => fillCommand(command, { ...values, prompt: 'a\0b' })).toThrow(/NUL/);
});

test('a program is found in PATH or by its path, and told apart: missing, not executable', async () => {
  const place = folder();
  write(place, { tool: '#!/bin/sh\n', plain: 'text' });
  chmodSync(join(place, 'tool'), 0o755);
  const places = { path: `relative:${place}`, directory: place };
  expect(await findProgram('tool', places)).toBe(join(place, 'tool'));
  expect(await findProgram('./tool', places)).toBe(join(place, 'tool'));
  await expect(findProgram('plain', places)).rejects.toThrow(/not executable: run chmod \+x/);
  await expect(findProgram('absent', places)).rejects.toThrow(/"absent" does not exist in any folder of PATH/);
  await expect(findProgram('absent', { path: undefined, directory: place })).rejects.toMatchObject({
    code: 'not_found',
  });
});
