/** The parts of the README that are made from the code: `UPDATE=1 npx vitest run test/readme.test.ts` writes them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { chartsPage, machineNames, pictureFiles, pictureMarkdown } from '../src/cli/charts.ts';

/** Everything from the first import on, with the imports as a user writes them. */
function example(file: string): string {
  const source = readFileSync(file, 'utf8');
  return source.slice(source.indexOf('import')).replace('../../src/engine/engine.ts', 'yardmaster').trim();
}

function made(marker: string): string {
  const [kind, name = ''] = marker.split(':');
  if (kind === 'example') return `\`\`\`ts\n${example(name)}\n\`\`\``;
  return pictureMarkdown(name, 'docs/pictures');
}

it('shows the chart and the example as they are in the code', () => {
  const readme = readFileSync('README.md', 'utf8');
  const wanted = readme.replace(
    /<!-- (chart|example):(\S+) -->\n[\s\S]*?<!-- \/\1 -->/g,
    (_, kind: string, name: string) => `<!-- ${kind}:${name} -->\n${made(`${kind}:${name}`)}\n<!-- /${kind} -->`,
  );
  if (process.env.UPDATE) writeFileSync('README.md', wanted);
  expect(readFileSync('README.md', 'utf8')).toBe(wanted);
});

it('has the charts of the machines as they run in machines/README.md', () => {
  if (process.env.UPDATE) writeFileSync('machines/README.md', chartsPage());
  expect(readFileSync('machines/README.md', 'utf8')).toBe(chartsPage());
});

it('has the pictures of the machines as they run in docs/pictures', async () => {
  for (const { name, text } of await pictureFiles(machineNames)) {
    if (process.env.UPDATE) writeFileSync(`docs/pictures/${name}`, text);
    expect(readFileSync(`docs/pictures/${name}`, 'utf8'), `${name} is stale: npm run charts`).toBe(text);
  }
});
