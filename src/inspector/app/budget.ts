/** The build's check that the pages stay light: what a first visit loads, gzipped, against what it may be. */
import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

const KB = 1024;
/** The overview is what people land on. */
const OVERVIEW_MAX = 30 * KB;
/** Any other page, visited first: charts and timelines weigh more. What a page loads only when asked is not counted. */
const PAGE_MAX = 48 * KB;
const STYLE_MAX = 8 * KB;

type Bundle = Rolldown.OutputBundle;

/** Fails the build with the sizes of what is too heavy. */
export function budget(): Plugin {
  return {
    name: 'budget',
    apply: 'build',
    enforce: 'post',
    generateBundle(options, bundle) {
      if (options.format !== 'es' || !Object.values(bundle).some(({ fileName }) => fileName.endsWith('.html'))) return;
      const problems = overBudget(bundle);
      if (problems.length > 0) this.error(`The pages are too heavy: ${problems.join('; ')}. Load less at first.`);
    },
  };
}

function overBudget(bundle: Bundle): string[] {
  const chunks = Object.values(bundle).filter((output) => output.type === 'chunk');
  const entry = chunks.find(({ isEntry }) => isEntry);
  const screens = chunks.filter(({ facadeModuleId }) => facadeModuleId && /Screen\.tsx$/.test(facadeModuleId));
  const pages = screens.map(({ fileName, facadeModuleId }) => {
    const files = new Set([...withImports(bundle, entry?.fileName ?? ''), ...withImports(bundle, fileName)]);
    const size = [...files].reduce((sum, file) => sum + packed(bundle[file]), 0);
    const max = facadeModuleId?.endsWith('OverviewScreen.tsx') ? OVERVIEW_MAX : PAGE_MAX;
    return { name: fileName, size, max };
  });
  const styles = screens.map(({ fileName, viteMetadata }) => {
    const files = [...(entry?.viteMetadata?.importedCss ?? []), ...(viteMetadata?.importedCss ?? [])];
    return {
      name: `style of ${fileName}`,
      size: files.reduce((sum, file) => sum + packed(bundle[file]), 0),
      max: STYLE_MAX,
    };
  });
  return [...pages, ...styles]
    .filter(({ size, max }) => size > max)
    .map(({ name, size, max }) => `${name} ${(size / KB).toFixed(1)} KB of ${max / KB} KB`);
}

/** A file and all that it can not be run without. */
function withImports(bundle: Bundle, fileName: string, seen = new Set<string>()): Set<string> {
  const chunk = bundle[fileName];
  if (seen.has(fileName) || chunk?.type !== 'chunk') return seen;
  seen.add(fileName);
  for (const imported of chunk.imports) withImports(bundle, imported, seen);
  return seen;
}

function packed(output: Bundle[string] | undefined): number {
  if (output === undefined) return 0;
  return gzipSync(output.type === 'chunk' ? output.code : output.source, { level: 9 }).length;
}
