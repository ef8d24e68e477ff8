/** The machines of a town in every form that they can be shown in. */
import { townMachines } from '../../machines/index.ts';
import { defaultPolicy } from '../../machines/policy.ts';
import { type Chart, chart } from '../core/chart.ts';
import type { Definition } from '../core/define.ts';
import { Refused } from '../core/errors.ts';
import { mermaid } from '../core/mermaid.ts';
import { outline } from '../core/outline.ts';
import type { JsonObject } from '../core/types.ts';
import { xstateConfig } from '../core/xstate-config.ts';
import type { Layout } from '../inspector/contract.ts';
import type { Theme } from '../inspector/draw/css.ts';
import { collapsible } from '../inspector/draw/level.ts';
import { chartFile } from '../inspector/draw/standalone.ts';
import { layoutChart, storedName } from '../inspector/layout/layout.ts';

export const formats = ['outline', 'mermaid', 'svg', 'json', 'xstate', 'layout'] as const;
export const directions = ['down', 'right'] as const;
export const themes = ['light', 'dark'] as const;

export type Wish = {
  readonly format?: (typeof formats)[number];
  readonly theme?: Theme;
  readonly direction?: Layout['direction'];
  readonly collapse?: readonly string[];
};
export type WrittenFile = { readonly name: string; readonly text: string };

const definitions: Readonly<Record<string, Definition>> = townMachines(defaultPolicy);
export const machineNames: readonly string[] = Object.keys(definitions);

export function machineChart(name: string): Chart {
  return chart(definitions[name] as Definition);
}

/** One text for all of them. Refused `invalid` when a format can only show one. */
export async function printedCharts(names: readonly string[], wish: Wish): Promise<string> {
  const { format = 'outline' } = wish;
  const [name = ''] = names;
  switch (format) {
    case 'outline':
      return names.map((each) => outline(machineChart(each))).join('\n');
    case 'mermaid':
      return names.map((each) => mermaid(machineChart(each))).join('\n');
    case 'json':
      return jsonOf(names, (each) => machineChart(each));
    case 'xstate':
      return jsonOf(names, (each) => xstateConfig(definitions[each] as Definition));
    default:
      if (names.length === 1) {
        const layout = await layoutOf(name, wish);
        return format === 'svg' ? pictureOf(name, layout, wish) : `${JSON.stringify(layout)}\n`;
      }
      throw new Refused('invalid', `${format} shows one machine: name it, or write all into a folder with --write`);
  }
}

function jsonOf(names: readonly string[], make: (name: string) => Chart | JsonObject): string {
  const [only] = names;
  const shown =
    names.length === 1 && only !== undefined ? make(only) : names.map((name) => [name, make(name)] as const);
  return `${JSON.stringify(Array.isArray(shown) ? Object.fromEntries(shown) : shown, null, 2)}\n`;
}

async function layoutOf(name: string, { direction = 'down', collapse }: Wish): Promise<Layout> {
  const drawn = machineChart(name);
  const known = collapsible(drawn);
  const unknown = collapse?.find((state) => !known.includes(state));
  if (unknown !== undefined) {
    const choice = known.join(', ') || 'none';
    throw new Refused('invalid', `${name} has no state '${unknown}' that can be closed; it has: ${choice}`);
  }
  const layout = await layoutChart(drawn, { direction, ...(collapse === undefined ? {} : { collapsed: collapse }) });
  if (layout !== null) return layout;
  throw new Refused('invalid', 'a picture needs the optional package elkjs: npm install elkjs');
}

function pictureOf(name: string, layout: Layout, { theme = 'light' }: Wish): string {
  return chartFile(machineChart(name), layout, { theme });
}

/** A picture of each machine in both themes: what the documents show. */
export async function pictureFiles(names: readonly string[], wish: Wish = {}): Promise<readonly WrittenFile[]> {
  const files = names.map(async (name) => {
    const layout = await layoutOf(name, wish);
    return themes.map((theme) => ({ name: `${name}-${theme}.svg`, text: pictureOf(name, layout, { theme }) }));
  });
  return (await Promise.all(files)).flat();
}

/** The first look at each machine in both directions, under the names by which the inspector finds them. */
export async function layoutFiles(names: readonly string[]): Promise<readonly WrittenFile[]> {
  const files = names.flatMap((name) =>
    directions.map(async (direction) => ({
      name: `${storedName(machineChart(name), direction)}.json`,
      text: JSON.stringify(await layoutOf(name, { direction })),
    })),
  );
  return Promise.all(files);
}

/** Markdown that shows a picture of a machine in the reader's theme. `folder`: of the pictures, from the page. */
export function pictureMarkdown(name: string, folder: string): string {
  const about = machineChart(name).nodes[0]?.description ?? '';
  return [
    '<picture>',
    `  <source media="(prefers-color-scheme: dark)" srcset="${folder}/${name}-dark.svg">`,
    `  <img alt="The statechart of ${name}. ${about}" src="${folder}/${name}-light.svg">`,
    '</picture>',
  ].join('\n');
}

/** A page that nobody edits. */
export function chartsPage(names: readonly string[] = machineNames): string {
  const sections = names.map((name) => {
    const description = machineChart(name).nodes[0]?.description ?? '';
    const drawn = `\`\`\`mermaid\n${mermaid(machineChart(name))}\`\`\``;
    const outlined = `\`\`\`text\n${outline(machineChart(name))}\`\`\``;
    const glance = pictureMarkdown(name, '../docs/pictures');
    return `## ${name}\n\n${description}\n\n${glance}\n\nThe whole of it:\n\n${drawn}\n\n${outlined}\n`;
  });
  const head = '# The machines\n\nWritten by `npm run charts` from the machines themselves; do not edit.\n';
  return [head, ...sections].join('\n');
}
