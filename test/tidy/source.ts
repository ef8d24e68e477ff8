/** A source file as tidy's rules see it: its text, and the same text with comments and strings blanked out. */

export type Source = {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Comments are spaces; every character stays on its line and column. */
  readonly uncommented: string;
  /** Comments, and what is inside quotes and regular expressions, are spaces. */
  readonly code: string;
  readonly strings: readonly { readonly offset: number; readonly text: string }[];
};

export type Finding = { readonly path: string; readonly line: number; readonly message: string };

/** The line of an offset, from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

export function finding(source: Source, offset: number, message: string): Finding {
  return { path: source.path, line: lineAt(source.text, offset), message };
}

/** What may come before a `/` that begins a regular expression and not a division. */
const BEFORE_PATTERN = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|do|else))\s*$/;

type Piece = { readonly kind: 'comment' | 'string' | 'code'; readonly end: number };

/** Reads a TypeScript file without understanding more of it than where comments and strings are. */
export function readSource(path: string, text: string): Source {
  const uncommented = [...text.replace(/[\uD800-\uDFFF]/g, '?')];
  const code = [...uncommented];
  const strings: { offset: number; text: string }[] = [];
  /** For each open `${`, how many braces are open inside it. */
  const templates: number[] = [];
  let recent = '';
  for (let at = 0; at < text.length; ) {
    const { kind, end } = nextPiece({ text, at, recent, templates });
    if (kind === 'comment') blank(uncommented, at, end);
    if (kind === 'string') strings.push({ offset: at + 1, text: text.slice(at + 1, end - 1) });
    if (kind === 'comment') blank(code, at, end);
    else if (kind === 'string') blank(code, at + 1, end - 1);
    if (kind !== 'comment') recent = (recent + text.slice(at, end)).slice(-12);
    at = end;
  }
  return { path, text, uncommented: uncommented.join(''), code: code.join(''), strings };
}

function blank(letters: string[], from: number, to: number): void {
  for (let at = from; at < to; at += 1) if (letters[at] !== '\n') letters[at] = ' ';
}

type Reading = { readonly text: string; readonly at: number; readonly recent: string; readonly templates: number[] };

function nextPiece({ text, at, recent, templates }: Reading): Piece {
  const letter = text[at];
  if (text.startsWith('//', at)) return { kind: 'comment', end: endOf(text, '\n', at) - 1 };
  if (text.startsWith('/*', at)) return { kind: 'comment', end: endOf(text, '*/', at + 2) };
  if (letter === "'" || letter === '"') return { kind: 'string', end: endOfQuoted(text, at) };
  if (letter === '`') return endOfTemplate(text, at, templates);
  if (letter === '/' && BEFORE_PATTERN.test(recent)) return { kind: 'string', end: endOfPattern(text, at) };
  const depth = templates.at(-1);
  if (depth !== undefined && letter === '{') templates[templates.length - 1] = depth + 1;
  if (depth !== undefined && letter === '}') {
    if (depth === 0) {
      templates.pop();
      return endOfTemplate(text, at, templates);
    }
    templates[templates.length - 1] = depth - 1;
  }
  return { kind: 'code', end: at + 1 };
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length + 1 : found + mark.length;
}

function endOfQuoted(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== text[at] && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

/** From a backtick, or from the brace that closes a `${`, to the next `${` or the closing backtick. */
function endOfTemplate(text: string, at: number, templates: number[]): Piece {
  let end = at + 1;
  while (end < text.length && text[end] !== '`') {
    if (text.startsWith('${', end)) {
      templates.push(0);
      return { kind: 'string', end: end + 2 };
    }
    end += text[end] === '\\' ? 2 : 1;
  }
  return { kind: 'string', end: end + 1 };
}

function endOfPattern(text: string, at: number): number {
  let end = at + 1;
  let inClass = false;
  while (end < text.length && text[end] !== '\n' && (inClass || text[end] !== '/')) {
    if (text[end] === '[') inClass = true;
    if (text[end] === ']') inClass = false;
    end += text[end] === '\\' ? 2 : 1;
  }
  return end + 1;
}
