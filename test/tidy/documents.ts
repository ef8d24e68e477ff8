/** Tidy's rules about Markdown: one title, and links that lead somewhere. */
import { posix } from 'node:path';
import type { Finding } from './source.ts';

export type Markdown = { readonly path: string; readonly text: string };

/** The lines outside of fenced code; those inside are empty. */
function prose(text: string): string[] {
  let fence: string | null = null;
  return text.split('\n').map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1] ?? null;
    const inside = fence !== null || mark !== null;
    if (fence === null) fence = mark;
    else if (mark?.startsWith(fence)) fence = null;
    return inside ? '' : line;
  });
}

export function titles({ path, text }: Markdown): Finding[] {
  const found = prose(text).flatMap((line, index) => (/^# /.test(line) ? [index + 1] : []));
  if (found.length === 1) return [];
  return [{ path, line: found[1] ?? 1, message: `${found.length} titles — use one "# " line, and "## " below it` }];
}

/** The anchors of a page, as GitHub makes them from its headings. */
export function anchors(text: string): Set<string> {
  const found = new Set<string>();
  for (const line of prose(text)) {
    const heading = /^#{1,6} (.*)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words
      .trim()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let unique = anchor;
    for (let count = 1; found.has(unique); count += 1) unique = `${anchor}-${count}`;
    found.add(unique);
  }
  return found;
}

/** `read` gives the text of a file, an empty one for a folder, and null for what is not there. */
export function links({ path, text }: Markdown, read: (path: string) => string | null): Finding[] {
  return prose(text).flatMap((line, index) => {
    const targets = [...line.replace(/`[^`]*`/g, '').matchAll(/\]\(<?([^)>\s]+)>?[^)]*\)/g)].map(
      (match) => match[1] ?? '',
    );
    return targets.flatMap((target) => {
      if (/^[a-z][a-z+.-]*:/i.test(target)) return [];
      const [file = '', anchor] = decodeURIComponent(target).split('#');
      const page = file === '' ? path : posix.join(posix.dirname(path), file);
      const there = page === path ? text : read(page);
      const dead = there === null || (anchor !== undefined && page.endsWith('.md') && !anchors(there).has(anchor));
      return dead
        ? [{ path, line: index + 1, message: `a link to ${target}, which is not there — use a path from this page` }]
        : [];
    });
  });
}
