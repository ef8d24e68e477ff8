/** The style, executable: reads the repository and says what breaks a rule. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { links, type Markdown, titles } from './tidy/documents.ts';
import { cycles, dependencies, layers, unimported } from './tidy/imports.ts';
import { type Finding, readSource } from './tidy/source.ts';
import { checkFile } from './tidy/text-rules.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

function filesBelow(folder: string, ending: string): string[] {
  if (!existsSync(ROOT + folder)) return [];
  const names = readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' });
  return (
    names
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      // Installed packages below a workspace's folder are not ours.
      .filter((path) => path.endsWith(ending) && !/\/(node_modules|\.runtimes|dist)\//.test(path))
      .sort()
  );
}

/** Text of a file, empty for a folder, null for nothing. */
function read(path: string): string | null {
  if (!existsSync(ROOT + path)) return null;
  return statSync(ROOT + path).isDirectory() ? '' : readFileSync(ROOT + path, 'utf8');
}

const sources = ['machines', 'src', 'test']
  .flatMap((folder) => [...filesBelow(folder, '.ts'), ...filesBelow(folder, '.tsx')])
  .map((path) => readSource(path, read(path) ?? ''));
const documents: Markdown[] = ['README.md', ...filesBelow('docs', '.md'), ...filesBelow('machines', '.md')].map(
  (path) => ({
    path,
    text: read(path) ?? '',
  }),
);
const packageJson = read('package.json') ?? '{}';

const report = (findings: readonly Finding[]) =>
  findings.map(({ path, line, message }) => `${path}:${line}: ${message}`);

describe('tidy', () => {
  it('finds the files', () => {
    expect(sources.length).toBeGreaterThan(20);
  });

  it('each file keeps the rules', () => {
    expect(report(sources.flatMap(checkFile))).toEqual([]);
  });

  it('imports point down', () => {
    expect(report(sources.flatMap(layers))).toEqual([]);
  });

  it('no imports go in circles', () => {
    expect(report(cycles(sources))).toEqual([]);
  });

  it('every file is used', () => {
    // Files that are named by a configuration are used, too.
    expect(report(unimported(sources, packageJson + (read('vitest.config.ts') ?? '')))).toEqual([]);
  });

  it('every dependency has its reason', () => {
    expect(report(dependencies(packageJson, read('docs/ARCHITECTURE.md') ?? ''))).toEqual([]);
  });

  it('every page has one title', () => {
    expect(report(documents.flatMap(titles))).toEqual([]);
  });

  it('every link leads somewhere', () => {
    expect(report(documents.flatMap((document) => links(document, read)))).toEqual([]);
  });
});
