/** Finds the bodies of functions by matching braces, without a parser. */
import type { Source } from './source.ts';

export type FunctionBody = { readonly from: number; readonly to: number };

const OPENING: Readonly<Record<string, string>> = { '}': '{', ')': '(', ']': '[', '>': '<' };
const STATEMENT = /\b(?:if|for|while|switch|catch|with)\s*$/;

/** The bodies of all functions, methods and arrows with braces, by the offsets of their braces. */
export function functionBodies({ code }: Source): FunctionBody[] {
  const bodies: FunctionBody[] = [];
  const open: number[] = [];
  for (let at = 0; at < code.length; at += 1) {
    if (code[at] === '{') open.push(at);
    if (code[at] !== '}') continue;
    const from = open.pop();
    if (from !== undefined && beginsFunction(code, from)) bodies.push({ from, to: at });
  }
  return bodies;
}

function beginsFunction(code: string, brace: number): boolean {
  let end = code.slice(0, brace).trimEnd().length;
  if (code.slice(0, end).endsWith('=>')) return true;
  if (code[end - 1] !== ')') end = beforeReturnType(code, end);
  if (code[end - 1] !== ')') return false;
  return !STATEMENT.test(code.slice(0, openingOf(code, end - 1)));
}

/** Walks back over `: Type`; gives where the parameters end, or 0 when there is no return type. */
function beforeReturnType(code: string, end: number): number {
  for (let at = end - 1; at >= 0; at -= 1) {
    const letter = code[at] ?? '';
    if (letter === '>' && code[at - 1] === '=') {
      at -= 1;
      continue;
    }
    // What follows on the next line is another statement.
    if (letter === '}' && /^\s*\n/.test(code.slice(at + 1, end))) return 0;
    if (letter in OPENING) at = openingOf(code, at);
    else if (letter === ':') return at === end - 1 ? 0 : code.slice(0, at).trimEnd().length;
    else if (!/[\w\s.|&,'"`?$]/.test(letter)) return 0;
  }
  return 0;
}

/** The offset of the bracket that a closing one belongs to; 0 when there is none. */
function openingOf(code: string, at: number): number {
  const closing = code[at] ?? '';
  let depth = 0;
  for (let from = at; from >= 0; from -= 1) {
    if (code[from] === closing && !(closing === '>' && code[from - 1] === '=')) depth += 1;
    if (code[from] === OPENING[closing]) depth -= 1;
    if (depth === 0) return from;
  }
  return 0;
}
