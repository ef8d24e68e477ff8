/** JSON as a tree that folds, with what a step changed marked by a word and a colour. Works without script. */
import type { ComponentChildren } from 'preact';
import type { JsonValue } from '../../../../core/types.ts';
import { type ChangeIndex, isArray, isObject, type Path, pathKey } from './json-diff.ts';

/** Values of one object or array that are shown before the rest is folded away. */
const SHOWN = 60;
/** Values deeper than this begin folded, unless something in them changed. */
const OPEN_DEPTH = 2;

export type JsonTreeProps = {
  readonly value: JsonValue;
  readonly label: string;
  /** Marks what differs from the step before. */
  readonly changes?: ChangeIndex;
};

export function JsonTree({ value, label, changes }: JsonTreeProps) {
  const children = childrenOf(value);
  if (children === null) return <pre class="json json-alone">{scalarText(value)}</pre>;
  if (children.length === 0) return <p class="quiet">{label} is empty.</p>;
  return (
    <section class="json" aria-label={label}>
      <Children of={children} path={[]} changes={changes} />
    </section>
  );
}

type ChildrenProps = { readonly of: readonly Child[]; readonly path: Path; readonly changes: ChangeIndex | undefined };
type Child = readonly [string | number, JsonValue];

function Children({ of, path, changes }: ChildrenProps) {
  const rows = (some: readonly Child[]) =>
    some.map(([key, value]) => <Node key={key} value={value} path={[...path, key]} changes={changes} />);
  return (
    <ul>
      {rows(of.slice(0, SHOWN))}
      {of.length > SHOWN && (
        <li>
          <details>
            <summary class="json-more">{of.length - SHOWN} more</summary>
            <ul>{rows(of.slice(SHOWN))}</ul>
          </details>
        </li>
      )}
      <Removed path={path} changes={changes} />
    </ul>
  );
}

type NodeProps = { readonly value: JsonValue; readonly path: Path; readonly changes: ChangeIndex | undefined };

function Node({ value, path, changes }: NodeProps) {
  const key = pathKey(path);
  const change = changes?.at.get(key);
  const children = childrenOf(value);
  const name = <span class="json-key">{String(path.at(-1))}</span>;
  const mark = change && <Mark word={change.kind}>{change.kind === 'changed' && scalarText(change.before)}</Mark>;
  if (children === null || children.length === 0)
    return (
      <li class={change ? `json-${change.kind}` : undefined}>
        {name} <span class={`json-${typeName(value)}`}>{children === null ? scalarText(value) : emptyText(value)}</span>
        {mark}
      </li>
    );
  return (
    <li class={change ? `json-${change.kind}` : undefined}>
      <details open={path.length < OPEN_DEPTH || changes?.above.has(key) || change !== undefined}>
        <summary>
          {name} <span class="json-hint">{sizeText(value, children.length)}</span>
          {mark}
        </summary>
        <Children of={children} path={path} changes={changes} />
      </details>
    </li>
  );
}

function Mark({ word, children }: { readonly word: string; readonly children: ComponentChildren }) {
  return (
    <>
      {' '}
      <span class="json-mark">
        {children ? (
          <>
            was <s>{children}</s>
          </>
        ) : (
          word
        )}
      </span>
    </>
  );
}

/** What was here before the step and is no more. */
function Removed({ path, changes }: { readonly path: Path; readonly changes: ChangeIndex | undefined }) {
  if (!changes) return null;
  const gone = [...changes.at.values()].filter(
    (change) => change.kind === 'removed' && pathKey(change.path.slice(0, -1)) === pathKey(path),
  );
  return gone.map((change) => (
    <li key={pathKey(change.path)} class="json-removed">
      <span class="json-key">{String(change.path.at(-1))}</span>{' '}
      <s>{change.kind === 'removed' && scalarText(change.before)}</s>
      <Mark word="removed">{null}</Mark>
    </li>
  ));
}

function childrenOf(value: JsonValue): readonly Child[] | null {
  if (isArray(value)) return [...value.entries()];
  if (!isObject(value)) return null;
  return Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : [[key, inner] as const]));
}

const emptyText = (value: JsonValue) => (isArray(value) ? '[ ]' : '{ }');
const sizeText = (value: JsonValue, size: number) =>
  isArray(value) ? `${size} ${size === 1 ? 'item' : 'items'}` : `${size} ${size === 1 ? 'key' : 'keys'}`;
const typeName = (value: JsonValue) => (value === null ? 'null' : typeof value);

function scalarText(value: JsonValue): string {
  if (typeof value === 'string') return value === '' ? '""' : value;
  return JSON.stringify(value);
}
