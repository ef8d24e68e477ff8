/** What Yardmaster is made of, and whom it speaks to by itself: nobody. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(ROOT + path, 'utf8');

it('SEC34 every package is pinned with its hash, and only named ones run a script when installed', () => {
  type Locked = { resolved?: string; integrity?: string; hasInstallScript?: boolean; link?: boolean };
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
  const all = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
  expect(all.length).toBeGreaterThan(50);
  expect(all.filter(([, { integrity }]) => !integrity).map(([path]) => path)).toEqual([]);
  const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> };
  const running = all
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
  // fsevents is for another system, and is optional there.
  expect(running.filter((name) => !allowScripts[name] && name !== 'fsevents')).toEqual([]);
});

it('SEC35 works in a Node without __proto__', () => {
  const program = 'src/cli.ts';
  const words = ['--disable-proto=delete', '--import', 'tsx', program, 'charts'];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(stderr).not.toMatch(/TypeError|__proto__/);
  expect([status, stdout.length > 1_000]).toEqual([0, true]);
}, 40_000);

it('SEC28 SEC37 a town opens no connection; the command line and runs do, each in a process of its own', () => {
  const outbound = new RegExp(
    [
      /\bfetch\(|\bhttps?\.(?:request|get)\(|\bnet\.connect\(|\bconnect\(\{|new WebSocket\(/,
      /from 'node:(?:https|tls|dgram|dns)'/,
    ]
      .map(({ source }) => source)
      .join('|'),
  );
  const found = ['src', 'machines'].flatMap((folder) =>
    readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && outbound.test(read(`${folder}/${name}`)))
      .map((name) => `${folder}/${name}`),
  );
  // The page in a browser, and the drivers of agents, which only the command of a run's own process uses.
  const isElsewhere = (name: string) => /^src\/(?:inspector\/app|drivers?|drive)\//.test(name);
  expect(found.filter((name) => !isElsewhere(name))).toEqual(['src/cli/client.ts', 'src/runners/hosting/town-link.ts']);
  const users = ['src', 'machines'].flatMap((folder) =>
    readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name}`)
      .filter((name) => name.endsWith('.ts') && !/^src\/(?:drivers?|drive)\//.test(name))
      .filter((name) => /from '[./]+\/(?:drivers?|drive)\//.test(read(name))),
  );
  expect(users).toEqual(['src/cli/commands/call.ts', 'src/cli/commands/drive.ts']);
  const hosts = ['src', 'machines'].flatMap((folder) =>
    readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name}`)
      .filter((name) => name.endsWith('.ts') && !name.startsWith('src/runners/hosting/'))
      .filter((name) => /from '[./]+\/(?:runners\/)?hosting\//.test(read(name))),
  );
  expect(hosts).toEqual(['src/cli/commands/runner.ts']);
});
