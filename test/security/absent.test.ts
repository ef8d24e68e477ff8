/**
 * Parts that the town does not have. Each test fails as soon as its part appears: then the line of docs/SECURITY.md is
 * due, with tests of its own.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const sources = ['src', 'machines'].flatMap((folder) =>
  readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('node_modules/'))
    .map((name) => ({ name: `${folder}/${name}`, text: readFileSync(`${ROOT}${folder}/${name}`, 'utf8') })),
);
const holding = (pattern: RegExp) => sources.filter(({ text }) => pattern.test(text)).map(({ name }) => name);

it('SEC11 no page puts words in as markup, or runs them', () => {
  const pages = holding(
    /dangerouslySetInnerHTML|\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(/,
  );
  expect(pages.filter((name) => name.startsWith('src/inspector/'))).toEqual([]);
});

it('SEC22 nothing is pushed, and no remote is written to', () => {
  expect(holding(/\[\s*['"`](?:push|send-pack)['"`]|git push/)).toEqual([]);
});

it('SEC28 SEC29 there are no webhooks, neither sent nor taken, and no code host is spoken to', () => {
  expect(holding(/webhook|x-hub-signature|api\.github\.com|octokit|gitlab/i)).toEqual([]);
});

it('SEC33 there is no mail', () => {
  expect(holding(/smtp|nodemailer|sendmail|imap\b|mailbox/i)).toEqual([]);
});

it('SEC36 nothing is published, so there is no step in which signatures of packages are due', () => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: Record<string, string> };
  const files = ['.ci/run', '.github/workflows'].map((name) => ROOT + name).filter((path) => existsSync(path));
  const texts = files.flatMap((path) =>
    path.endsWith('workflows') ? readdirSync(path).map((name) => `${path}/${name}`) : path,
  );
  const steps = [...Object.entries(scripts).map(String), ...texts.map((path) => readFileSync(path, 'utf8'))];
  expect(steps.filter((text) => /npm (?:run )?publish|prepublish|release/.test(text))).toEqual([]);
});
