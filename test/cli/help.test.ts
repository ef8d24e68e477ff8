/** Every command explains itself, and the page of the command line knows them all. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exits, exitTable } from '../../src/cli/exits.ts';
import { createProgram } from '../../src/cli/program.ts';
import { testShell } from './shell.ts';

const page = readFileSync(new URL('../../docs/CLI.md', import.meta.url), 'utf8');
const commands = () => createProgram(testShell(), () => {}).commands;

test('every command has a help with a description and an example', async () => {
  for (const command of commands()) {
    const shell = testShell();
    const name = command.name();
    expect(await shell.run(name, '--help'), name).toBe(exits.done);
    expect(shell.out.text, name).toContain(`Usage: yardmaster ${name}`);
    expect(shell.out.text, name).toContain(`  $ yardmaster ${name}`);
    expect(command.summary(), name).not.toBe('');
    expect(command.description(), name).toMatch(/\.$/);
  }
});

test('every command and option is on the page of the command line', () => {
  for (const command of commands()) {
    expect(page, command.name()).toContain(`\`${command.name()}`);
    for (const argument of command.registeredArguments) expect(page, command.name()).toContain(argument.name());
  }
  const documented = [...page.matchAll(/^\| `(\w+)/gm)].map(([, name]) => name);
  const known = commands().map((command) => command.name());
  expect(documented.filter((name) => name !== undefined && !known.includes(name))).toEqual([]);
});

test('every exit code is in the help and on the page', () => {
  for (const code of Object.values(exits)) {
    expect(exitTable).toMatch(new RegExp(`^ {2}${code} `, 'm'));
    expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  }
});

test('wrong usage is told with its remedy', async () => {
  const shell = testShell();
  expect(await shell.run('stauts')).toBe(exits.usage);
  expect(shell.errors.text).toBe(
    "error: unknown command 'stauts'\n(Did you mean status?)\n(--help shows how it is used)\n",
  );
  expect(await testShell().run('run')).toBe(exits.usage);
  expect(await testShell().run('status', '--nonsense')).toBe(exits.usage);
  expect(await testShell().run('--version')).toBe(exits.done);
  expect(await testShell().run()).toBe(exits.usage);
});
