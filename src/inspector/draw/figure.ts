/** A picture as a light tree: what the pages make elements of, and what becomes the text of an SVG file. */

export type Figure = {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly (Figure | string)[];
};

export function figure(
  tag: string,
  attributes: Figure['attributes'],
  ...children: readonly (Figure | string | null)[]
): Figure {
  return { tag, attributes, children: children.filter((child) => child !== null) };
}

/** The figure as SVG text, on one line. All that is not markup is escaped. */
export function figureText({ tag, attributes, children }: Figure): string {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  const inside = children.map((child) => (typeof child === 'string' ? escaped(child) : figureText(child))).join('');
  return inside === '' ? `<${tag}${written.join('')}/>` : `<${tag}${written.join('')}>${inside}</${tag}>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? '');
}
