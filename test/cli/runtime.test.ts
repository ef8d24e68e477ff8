/** What the command line says of agent runtimes: for one rig, and for all of a town. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exits } from '../../src/cli/exits.ts';
import { givenRuntime, readRuntime } from '../../src/cli/runtime.ts';
import { testShell } from './shell.ts';
import { workshop } from './workshop.ts';

const at = { directory: '/srv/here' };

describe('the options of a runtime', () => {
  test('come to what is stored, the key by a reference that holds from anywhere', () => {
    const options = { runtime: 'kilo', model: 'code', gateway: 'kilo=https://g.test', key: 'file:keys/kilo' };
    expect(readRuntime(at, options)).toEqual({
      ...{ driver: 'kilo', model: 'code', gateway: { api: 'kilo', url: 'https://g.test' } },
      key: 'file:/srv/here/keys/kilo',
    });
    expect(readRuntime(at, {})).toBeUndefined();
    expect(readRuntime(at, { model: 'fast' }, { driver: 'kilo', model: 'code' })).toEqual({
      ...{ driver: 'kilo', model: 'fast' },
    });
    expect(givenRuntime({ model: 'fast', key: 'env:KEY' })).toEqual(['--model', '--key']);
  });

  test('are refused with their names, and a pasted key is not repeated', () => {
    const wrong = () => readRuntime(at, { runtime: 'kilo', key: 'sk-pasted-secret', gateway: 'soap=https://g.test' });
    expect(wrong).toThrow(/--key is no reference to a secret/);
    expect(wrong).toThrow(/--gateway/);
    expect(wrong).not.toThrow(/pasted/);
  });
});

describe('a rig that drives a runtime', { timeout: 30_000 }, () => {
  test('is checked before a town is opened: its program, its key, and that one thing is said', async () => {
    const { repository, data } = workshop();
    const asked = async (...words: string[]) => {
      const shell = testShell();
      const code = await shell.run('up', '--repo', repository, '--data', data, '--port', '0', ...words);
      expect(code).toBe(exits.usage);
      return shell.errors.text;
    };
    const driven = ['--runtime', 'kilo', '--program', 'no-such-kilo'];
    const missing = await asked(...driven, '--model', 'code', '--key', 'env:NO_KILO_TOKEN');
    expect(missing).toContain('no-such-kilo');
    expect(missing).toContain('NO_KILO_TOKEN is not set');
    expect(await asked('--agent', 'sh', '--runtime', 'kilo')).toContain('use --agent or --runtime');
    expect(await asked('--model', 'code')).toContain('--runtime <name>');
    const pasted = await asked('--runtime', 'kilo', '--key', 'sk-pasted');
    expect(pasted).toContain('--key is no reference to a secret');
    expect(pasted).not.toContain('no command is given');
    const unread = await asked('--runtime', 'kilo', '--settings', 'nowhere.json');
    expect(unread).toContain(
      '--settings nowhere.json can not be read (ENOENT: no such file or directory): name a file',
    );
    expect(await asked()).toContain('--runtime <name>');
  });

  test('is shown without a secret, and shares what the town says', async () => {
    const { root, repository, data } = workshop();
    const program = join(root, 'kilo');
    writeFileSync(program, '#!/bin/sh\n');
    chmodSync(program, 0o755);
    writeFileSync(join(root, 'key'), 'sk-never-shown-anywhere');
    const shell = testShell({ directory: root });
    const driven = ['--runtime', 'kilo', '--program', program, '--key', 'file:key', '--model', 'code'];
    const ended = shell.run('up', '--repo', repository, '--data', data, '--port', '0', ...driven);
    await Promise.race([shell.out.has(/is at http/), ended]);
    const say = async (...words: string[]) => {
      const other = testShell({ directory: root });
      expect([await other.run(...words, '--data', data), other.errors.text]).toEqual([exits.done, '']);
      return other.out.text;
    };
    const shown = await say('show', 'rig/shop');
    expect(shown).toContain(`"key":"file:${join(root, 'key')}"`);
    expect(shown).not.toContain('sk-never-shown');
    expect(JSON.parse(await say('status', '--json')).rigs).toMatchObject([
      { id: 'shop', state: 'active', runtime: expect.stringContaining('kilo code') },
    ]);
    expect(await say('runtime')).toBe('The rigs of this town share no runtime.\n');
    expect(await say('runtime', '--permissions', 'ask', '--gateway', 'https://g.test')).toBe(
      'gateway: {"url":"https://g.test"}\npermissions: ask\n',
    );
    expect(await say('status', '--json')).toContain('over https://g.test');
    expect(await say('runtime', '--clear')).toBe('The rigs of this town share no runtime.\n');
    shell.signal('SIGTERM');
    expect(await ended).toBe(exits.done);
    expect(await say('runtime', '--json')).toBe('null\n');
  });

  test('may be described in a work file', async () => {
    const { root, data, work } = workshop();
    const rig = { repo: 'shop', runtime: { driver: 'kilo', program: 'no-such-kilo', modle: 'code' } };
    const file = work(JSON.stringify({ rig, beads: [{ title: 'Bake' }] }));
    const shell = testShell({ directory: root });
    expect(await shell.run('run', file, '--data', data)).toBe(exits.usage);
    expect(shell.errors.text).toContain('did you mean "model"');
    const good = work(JSON.stringify({ rig: { ...rig, runtime: { driver: 'kilo', program: 'no-such-kilo' } } }));
    const again = testShell({ directory: root });
    expect(await again.run('run', good, '--data', data)).toBe(exits.usage);
    expect(again.errors.text).toContain('no-such-kilo');
  });
});
