/**
 * The address is the state: page, drawers, selection, filters. What is in it survives a reload and can be sent to
 * somebody.
 */
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { referencePath } from './paths.ts';

export type PageName = 'overview' | 'machine' | 'entity' | 'timers' | 'dispatch' | 'breakers' | 'log' | 'metrics';
export type Page =
  | { readonly name: Exclude<PageName, 'machine' | 'entity'> }
  | { readonly name: 'machine'; readonly machine: string }
  | { readonly name: 'entity'; readonly reference: string }
  | { readonly name: 'unknown' };

/** What stands in a drawer. */
export type DrawerContent =
  | { readonly kind: 'entity'; readonly reference: string }
  | { readonly kind: 'here'; readonly machine: string; readonly state: string }
  | { readonly kind: 'edge'; readonly machine: string; readonly edge: string };

export const DRAWERS_MAX = 3;
const PLAIN: readonly string[] = ['timers', 'dispatch', 'breakers', 'log', 'metrics'];

/** `path` is below the base, with a leading slash. */
export function pageOf(path: string): Page {
  const [first = '', second, ...rest] = path
    .split('/')
    .filter((part) => part !== '')
    .map(unescaped);
  if (first === '') return { name: 'overview' };
  if (second === undefined && PLAIN.includes(first)) return { name: first as 'timers' };
  if (first === 'machines' && second !== undefined && rest.length === 0) return { name: 'machine', machine: second };
  if (first === 'entities' && second !== undefined && rest.length > 0) {
    return { name: 'entity', reference: `${second}/${rest.join('/')}` };
  }
  return { name: 'unknown' };
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** `entity:bead/gt-1`, `here:bead/in_progress.working`, `edge:bead/<edge>`; null for what is none of these. */
export function drawerOf(text: string): DrawerContent | null {
  const colon = text.indexOf(':');
  const slash = text.indexOf('/', colon);
  if (colon < 0 || slash < 0) return null;
  const [kind, machine, rest] = [text.slice(0, colon), text.slice(colon + 1, slash), text.slice(slash + 1)];
  if (kind === 'entity') return { kind, reference: `${machine}/${rest}` };
  if (kind === 'here') return { kind, machine, state: rest };
  return kind === 'edge' ? { kind, machine, edge: rest } : null;
}

export function drawerText(content: DrawerContent): string {
  if (content.kind === 'entity') return `entity:${content.reference}`;
  if (content.kind === 'here') return `here:${content.machine}/${content.state}`;
  return `edge:${content.machine}/${content.edge}`;
}

/** What the router needs of a window; the server and tests give their own. */
export type History = { push(address: string): void; replace(address: string): void };

export type Changes = Readonly<Record<string, string | null>>;

export class Route {
  readonly base: string;
  /** Below the base, with a leading slash. */
  readonly path: ReadonlySignal<string>;
  readonly query: ReadonlySignal<URLSearchParams>;
  readonly page: ReadonlySignal<Page>;
  /** The deepest last. */
  readonly drawers: ReadonlySignal<readonly DrawerContent[]>;
  readonly #place;
  readonly #history: History;

  constructor(base: string, place: { path: string; query: string }, history: History) {
    this.base = base;
    this.#history = history;
    this.#place = signal(place);
    this.path = computed(() => this.#place.value.path);
    this.query = computed(() => new URLSearchParams(this.#place.value.query));
    this.page = computed(() => pageOf(this.path.value));
    this.drawers = computed(() =>
      this.query.value
        .getAll('drawer')
        .map(drawerOf)
        .filter((content) => content !== null)
        .slice(-DRAWERS_MAX),
    );
  }

  /** The value of a view setting in the address, or what it is without one. */
  setting(name: string, otherwise = ''): string {
    return this.query.value.get(name) ?? otherwise;
  }

  /** Address of a page: `machines/bead`, with its query. */
  href(path: string, query = ''): string {
    return `${this.base}${path.replace(/^\//, '')}${query === '' ? '' : `?${query.replace(/^\?/, '')}`}`;
  }

  entityHref(reference: string): string {
    return this.href(`entities/${referencePath(reference)}`);
  }

  machineHref(machine: string): string {
    return this.href(`machines/${encodeURIComponent(machine)}`);
  }

  /** Goes to an address below the base, like a link that was clicked. */
  go(address: string): void {
    this.#history.push(address);
    this.arrive(address);
  }

  /** Takes over the address that the browser shows, after back, forward, or a link. */
  arrive(address: string): void {
    const [rest = ''] = address.split('#');
    const mark = rest.indexOf('?');
    const whole = mark < 0 ? rest : rest.slice(0, mark);
    const path = `/${whole.startsWith(this.base) ? whole.slice(this.base.length) : ''}`;
    this.#place.value = { path, query: mark < 0 ? '' : rest.slice(mark + 1) };
  }

  /**
   * Changes settings in place: null takes one away. What the reader would go back over is pushed, the rest replaces.
   */
  set(changes: Changes, { push = false }: { push?: boolean } = {}): void {
    const query = new URLSearchParams(this.query.peek());
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === '') query.delete(name);
      else query.set(name, value);
    }
    this.#arriveWith(query, push);
  }

  openDrawer(content: DrawerContent): void {
    const open = this.drawers.peek().map(drawerText);
    const text = drawerText(content);
    // What is open already comes to the front, instead of standing there twice.
    this.#stack([...open.filter((other) => other !== text), text]);
  }

  /** Opens it alone: from the page itself, where a click means "this one instead". */
  showDrawer(content: DrawerContent): void {
    this.#stack([drawerText(content)]);
  }

  closeDrawer(): void {
    this.#stack(this.drawers.peek().slice(0, -1).map(drawerText));
  }

  #stack(texts: readonly string[]): void {
    const query = new URLSearchParams(this.query.peek());
    query.delete('drawer');
    for (const text of texts.slice(-DRAWERS_MAX)) query.append('drawer', text);
    this.#arriveWith(query, true);
  }

  #arriveWith(query: URLSearchParams, push: boolean): void {
    // Slashes and colons stay readable: they mean nothing in a query.
    const text = query.toString().replace(/%2F/g, '/').replace(/%3A/g, ':');
    const address = this.href(this.path.peek(), text);
    if (push) this.#history.push(address);
    else this.#history.replace(address);
    this.arrive(address);
  }
}
