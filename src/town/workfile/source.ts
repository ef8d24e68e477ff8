/**
 * Reads YAML (and JSON, which is YAML) into plain values and remembers where each of them was written.
 *
 * Invariants
 * - Values are JSON: text, numbers, true, false, null, lists, maps with text as keys. Tags of other types are refused.
 * - The work is bounded by the size of the text: nesting and what aliases repeat have a limit, so no file can blow up.
 * - No message holds text of the file but names of keys and anchors: a value may be a secret.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { type Path, type Problem, type Problems, pathText, shown } from './problems.ts';
import { syntaxProblem } from './syntax.ts';

const DEPTH_MAX = 32;
/** Nodes that all aliases of a file may repeat. */
const REPEATED_MAX = 10_000;

export type Source = {
  readonly value: unknown;
  /** Where the value of a path is, or what comes nearest: the map or list that lacks it. `key`: where its key is. */
  locate(path: Path, part?: 'key' | 'value'): { line: number; column: number };
};

/** Reads a text. What is wrong goes to `problems`; null when the syntax is, a null in the value where a part is. */
export function readSource(text: string, problems: Problems): Source | null {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    prettyErrors: false,
    // The check of the library compares all pairs of keys: too slow for a map of thousands. The reader has its own.
    uniqueKeys: false,
  });
  const reader = new Reader(document, lines, problems);
  for (const { code, pos } of [...document.errors, ...document.warnings]) {
    problems.add(() => ({ ...reader.at(pos[0]), path: '', ...syntaxProblem(code) }));
  }
  if (document.errors.length > 0) return null;
  return {
    value: reader.read(document.contents),
    locate: (path, part = 'value') => reader.locate(path, part),
  };
}

class Reader {
  readonly #anchors = new Map<string, Node>();
  readonly #targets = new Map<Node, Node>();
  /** Where the reader is. One list for all values: a copy for each would cost more than the rest. */
  readonly #path: PropertyKey[] = [];
  /** How many aliases the reader is inside of. */
  #aliases = 0;
  #repeated = 0;

  constructor(
    readonly document: Document,
    readonly lines: LineCounter,
    readonly problems: Problems,
  ) {}

  at(offset: number): { line: number; column: number } {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  read(node: unknown): unknown {
    if (this.#path.length > DEPTH_MAX) {
      return this.#refuse(node, () => ({ problem: `is nested deeper than ${DEPTH_MAX} levels`, remedy: 'flatten it' }));
    }
    if (this.#aliases > 0 && ++this.#repeated > REPEATED_MAX) {
      // Said once: whatever comes after the limit is not read.
      if (this.#repeated > REPEATED_MAX + 1) return null;
      const problem = `makes aliases repeat more than ${REPEATED_MAX} values`;
      return this.#refuse(node, () => ({ problem, remedy: 'write fewer aliases' }));
    }
    if (isAlias(node)) return this.#readAlias(node);
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return this.#readMap(node);
    if (isSeq(node)) return node.items.map((item, index) => this.#readMember(index, item));
    return isScalar(node) ? node.value : null;
  }

  #readMember(key: PropertyKey, node: unknown): unknown {
    this.#path.push(key);
    const value = this.read(node);
    this.#path.pop();
    return value;
  }

  #readAlias(node: Node & { source: string }): unknown {
    const target = this.#anchors.get(node.source);
    if (!target) {
      const problem = `repeats the anchor "${shown(node.source)}", which is not there before it`;
      return this.#refuse(node, () => ({ problem, remedy: 'write the value itself' }));
    }
    this.#targets.set(node, target);
    this.#aliases += 1;
    const value = this.read(target);
    this.#aliases -= 1;
    return value;
  }

  #readMap(map: YAMLMap): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const { key: keyNode, value: valueNode } of map.items) {
      const key = isScalar(keyNode) ? keyNode.value : keyNode;
      if (typeof key !== 'string') {
        this.#refuse(keyNode, () => ({ problem: 'has a key that is no text', remedy: 'put the key in quotes' }));
      } else if (key === '__proto__') {
        this.#refuse(keyNode, () => ({ problem: 'has the key "__proto__"', remedy: 'remove it' }));
      } else if (Object.hasOwn(value, key)) {
        this.#refuse(keyNode, () => {
          const first = map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
          const { line } = this.at(offsetOf(first?.key) ?? 0);
          return { problem: `has the key "${shown(key)}" twice, first on line ${line}`, remedy: 'keep one of them' };
        });
      } else {
        value[key] = this.#readMember(key, valueNode);
      }
    }
    return value;
  }

  #refuse(node: unknown, words: () => Pick<Problem, 'problem' | 'remedy'>): null {
    this.problems.add(() => {
      return { ...this.at(offsetOf(node) ?? 0), path: pathText(this.#path) || 'the file', ...words() };
    });
    return null;
  }

  locate(path: Path, part: 'key' | 'value'): { line: number; column: number } {
    let node: unknown = this.document.contents;
    let offset = offsetOf(node) ?? 0;
    for (const [depth, step] of path.entries()) {
      const parent: unknown = this.#targets.get(node as Node) ?? node;
      const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && key.value === step) : undefined;
      node = pair ? pair.value : isSeq(parent) ? parent.items[Number(step)] : undefined;
      const last = depth === path.length - 1;
      const found = last && part === 'key' ? offsetOf(pair?.key) : (offsetOf(node) ?? offsetOf(pair?.key));
      if (found === undefined) break;
      offset = found;
    }
    return this.at(offset);
  }
}

function offsetOf(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
}
