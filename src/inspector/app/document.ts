/**
 * The whole document of a page: the built `index.html`, filled with what the server painted and what it knows
 * already.
 */
import type { PageRequest } from '../contract-page.ts';

export type Painted = { readonly html: string; readonly title: string };

/** `<` can not end the script, and what comes after it can not begin one. */
const inScript = (value: unknown) => JSON.stringify(value).replace(/</g, '\\u003c');

const inText = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');

/** `files`: what the page's screens are in, below the base; those that the template has already are left out. */
export function documentOf(
  request: PageRequest,
  painted: Painted,
  parts: { template: string; files: readonly string[] },
) {
  const base = inText(request.base);
  const theme = request.theme === null ? '' : ` data-theme="${request.theme}"`;
  const { template, files } = parts;
  const links = files.filter((file) => !template.includes(file)).map((file) => linkTo(`${base}${file}`));
  return template
    .replace(/(src|href)="\.\//g, (_, name) => `${name}="${base}`)
    .replace('data-base="%base%"', () => `data-base="${base}"`)
    .replace(' data-theme="%theme%"', () => theme)
    .replace('%title%', () => inText(painted.title))
    .replace('</head>', () => `${links.join('')}</head>`)
    .replace('<!--app-->', () => painted.html)
    .replace('%start%', () => inScript(request.start));
}

function linkTo(address: string): string {
  if (address.endsWith('.css')) return `<link rel="stylesheet" href="${address}">`;
  return `<link rel="modulepreload" href="${address}">`;
}
