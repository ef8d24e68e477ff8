/** What a run is told, what it is not told, and that neither secrets nor prompts are where they do not belong. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { container, environment, folder, git, never, Reports, repository, script, soon, write } from './workshop.ts';

const token = 'town-token-0123456789abcdef';
const secret = 'a secret+from/a file';
const api = { url: 'http://127.0.0.1:7700', token };

function setUp(more: object = {}) {
  const [root, path] = [folder(), repository()];
  const local = container({ root, ...more });
  return { root, path, local, reports: new Reports(local) };
}

function secretFile(): string {
  const place = folder();
  write(place, { key: `${secret}\n` });
  return `file:${join(place, 'key')}`;
}

test('a run has the variables it is told, the allowed ones of the town, and no other', async () => {
  const { root, path, local, reports } = setUp({
    environment: { ...environment, KEY: 'key-of-the-provider', LC_ALL: 'C.UTF-8' },
  });
  const spec = script(
    'env > ../../seen',
    { path },
    {
      api,
      env: { EXTRA: 'yes', YARDMASTER_BEAD: 'forged' },
      secrets: { API_KEY: 'env:KEY' },
      previousBranch: 'attempt/gt-1/0',
      handover: 'It was tired.',
    },
  );
  await local.start(spec, never);
  const { incarnation } = await reports.next('exited');
  const seen = Object.fromEntries(
    readFileSync(join(root, 'seen'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const at = line.indexOf('=');
        return [line.slice(0, at), line.slice(at + 1)];
      }),
  );
  expect(seen).toMatchObject({
    PATH: `${join(root, 'bin')}:${environment.PATH}`,
    HOME: '/nonexistent',
    LC_ALL: 'C.UTF-8',
    EXTRA: 'yes',
    API_KEY: 'key-of-the-provider',
    YARDMASTER_TOWN: 'town',
    YARDMASTER_BEAD: 'gt-1',
    YARDMASTER_AGENT: 'toast',
    YARDMASTER_EPOCH: '1',
    YARDMASTER_API_URL: api.url,
    YARDMASTER_TOKEN: token,
    YARDMASTER_TITLE: 'Make bread',
    YARDMASTER_BRANCH: 'attempt/gt-1/1',
    YARDMASTER_TARGET_BRANCH: 'main',
    YARDMASTER_PREVIOUS_BRANCH: 'attempt/gt-1/0',
    YARDMASTER_START_COMMIT: git(path, 'rev-parse', 'main'),
    YARDMASTER_HANDOVER_FILE: join(root, 'runs', 'toast-1', 'handover.txt'),
    YARDMASTER_RUN: `town/toast/1@${incarnation}`,
    YARDMASTER_PROMPT_FILE: join(root, 'runs', 'toast-1', 'prompt.txt'),
    GIT_AUTHOR_NAME: 'toast',
  });
  expect(Object.keys(seen)).not.toContain('CANARY');
  expect(Object.keys(seen)).not.toContain('KEY');
});

test('agents can have a home of their own, and a person who has set up git commits as that person', async () => {
  const home = folder();
  write(home, { '.gitconfig': '[user]\n\tname = Ada\n\temail = ada@example.org\n' });
  const { path, local, reports } = setUp({ home });
  await local.start(script('git commit --quiet --allow-empty -m Work', { path }), never);
  const { evidence } = await reports.next('exited');
  expect(git(path, 'log', '-1', '--format=%an %ae', evidence?.head ?? '')).toBe('Ada ada@example.org');
});

test('secrets are in no file, in no tail and in no reading of the output, also in pieces and in disguise', async () => {
  const { root, path, local, reports } = setUp({ secretValues: ['operator-password'] });
  const tell = `echo "$API_KEY"; printf '%s' "$YARDMASTER_TOKEN" | head -c 9; sleep 0.1;
    printf '%s\\n' "$YARDMASTER_TOKEN" | tail -c +10;
    printf '%s' "$API_KEY" | base64; echo operator-password >&2; echo harmless`;
  await local.start(script(tell, { path }, { api, secrets: { API_KEY: secretFile() } }), never);
  const { tail, code } = await reports.next('exited');
  const output = await local.readOutput({ agent: 'toast', epoch: 1 }, { maxBytes: 4_096 });
  expect(code).toBe(0);
  expect(tail).toContain('harmless');
  expect(output?.text).toBe(tail);
  const kept = readAll(root).join('\n');
  for (const text of [tail, kept]) {
    for (const hidden of [secret, token, token.slice(9), Buffer.from(secret).toString('base64'), 'operator-password']) {
      expect(text).not.toContain(hidden);
    }
  }
});

const prompt = [
  '--dangerously-skip-everything',
  '$(touch canary) `touch canary`; touch canary',
  `it's "quoted" \\ and 'again'`,
  'grüße 🚂 \u202e\r',
  'the {title} of {bead}, {prompt}',
  'x'.repeat(200_000),
  '',
].join('\n');

test('a prompt arrives whole at standard input, and only there, whatever it says', async () => {
  const { root, path, local, reports } = setUp();
  const look = 'cat > ../../seen; tr "\\0" "\\n" < /proc/$$/cmdline > ../../line; env > ../../seen-env';
  await local.start(script(look, { path }, { prompt }), never);
  await reports.next('exited');
  expect(readFileSync(join(root, 'seen'), 'utf8')).toBe(prompt);
  for (const text of readAll(root, 'seen')) expect(text).not.toContain('skip-everything');
  expect(existsSync(join(root, 'worktrees', 'gt-1-1', 'canary'))).toBe(false);
});

test('while a run lives, no process shows its prompt, and only its own show its token', async () => {
  const { root, path, local } = setUp();
  const prompt = 'prompt-canary-5f2c';
  await local.start(script('read line; echo ready > ../../ready; sleep 60', { path }, { prompt, api }), never);
  await soon(() => (existsSync(join(root, 'ready')) ? true : undefined));
  const supervisor = JSON.parse(readFileSync(join(root, 'runs', 'toast-1', 'supervisor.json'), 'utf8')) as {
    pid: number;
  };
  const shown = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({
      pid: Number(pid),
      line: readOr(`/proc/${pid}/cmdline`),
      variables: readOr(`/proc/${pid}/environ`),
    }));
  expect(shown.filter(({ line, variables }) => line.includes(prompt) || variables.includes(prompt))).toEqual([]);
  expect(shown.filter(({ line }) => line.includes(token))).toEqual([]);
  expect(shown.find(({ pid }) => pid === supervisor.pid)?.variables).not.toContain(token);
});

test('a command that names the prompt gets it as one argument; a file, by its path', async () => {
  const { root, path, local, reports } = setUp();
  const prompt = '$(id) "x"\ny';
  const argument = {
    argv: ['sh', '-c', 'printf %s "$1" > ../../seen', 'sh', '{prompt}'],
    promptBy: 'argument',
  } as const;
  await local.start(script('', { path }, { prompt, command: argument }), never);
  await reports.next('exited');
  expect(readFileSync(join(root, 'seen'), 'utf8')).toBe(prompt);
  const file = { argv: ['sh', '-c', 'cat "$1" > ../../seen2', 'sh', '{promptFile}'], promptBy: 'file' } as const;
  await local.start(script('', { path }, { prompt, command: file, epoch: 2 }), never);
  await reports.next('exited');
  expect(readFileSync(join(root, 'seen2'), 'utf8')).toBe(prompt);
});

test('output is read in pieces by offset, and only the newest is kept', async () => {
  const { root, path, local, reports } = setUp();
  const line = 'ä'.repeat(49);
  await local.start(script(`yes ${line} | head -n 150000; echo the end`, { path }), never);
  const { tail } = await reports.next('exited');
  expect(tail.endsWith('the end\n')).toBe(true);
  expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(4_096);
  const run = { agent: 'toast', epoch: 1 };
  const oldest = await local.readOutput(run, { fromByte: 0, maxBytes: 100 });
  const total = 150_000 * 99 + 8;
  expect(oldest?.endByte).toBe(total);
  expect(oldest?.fromByte).toBeGreaterThan(total - 11 * 1024 * 1024);
  const kept = readdirSync(join(root, 'runs', 'toast-1')).filter((name) => name.startsWith('output-'));
  expect(kept).toHaveLength(2);
  let next = total - 1_000;
  let text = '';
  while (next < total) {
    const piece = await local.readOutput(run, { fromByte: next, maxBytes: 101 });
    text += piece?.text;
    next = piece?.nextByte ?? total;
  }
  expect(text).not.toContain('\ufffd');
  expect(text.endsWith(`${line}\nthe end\n`)).toBe(true);
  expect(await local.readOutput({ agent: 'nobody', epoch: 1 }, { maxBytes: 10 })).toBeNull();
}, 15_000);

function readAll(folderPath: string, except = ''): string[] {
  return readdirSync(folderPath, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name !== except)
    .map((entry) => readOr(join(entry.parentPath, entry.name)));
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
