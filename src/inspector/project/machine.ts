/** What the inspector knows of one machine: its chart, its words, and which of its states ask for a person. */
import { type Chart, type ChartNode, chart, rootId } from '../../core/chart.ts';
import type { Definition } from '../../core/define.ts';
import type { StateId } from '../../core/types.ts';
import type { Tone } from '../contract.ts';
import type { InspectorSource, MachineDescription } from '../source.ts';

export type Machine = {
  readonly name: string;
  readonly label: string;
  readonly plural: string;
  readonly form: 'chart' | 'grid' | 'waves' | 'list';
  readonly definition: Definition;
  readonly chart: Chart;
  readonly description: MachineDescription;
  /** Leaf states in document order. */
  readonly leaves: readonly StateId[];
  /** Leaf states that are tagged `attention`, or lie in one that is. */
  readonly attention: ReadonlySet<StateId>;
  /** Leaf states that nothing follows. */
  readonly settled: ReadonlySet<StateId>;
  /** Leaf states worth a line in the overview. */
  readonly shown: readonly StateId[];
  readonly tones: ReadonlyMap<StateId, Tone>;
};

const ATTENTION = 'attention';
/** Names by which people call states that went wrong. */
const TROUBLE = /fail|error|dead|broken|crash|lost|exhaust|quarantine/i;

export class Machines {
  readonly #source: InspectorSource;
  readonly #known = new Map<string, Machine>();

  constructor(source: InspectorSource) {
    this.#source = source;
  }

  get names(): readonly string[] {
    return this.#source.machines;
  }

  all(): readonly Machine[] {
    return this.names.map((name) => this.get(name));
  }

  /** Throws Refused `invalid` for a machine that there is not. Read anew when its definition was replaced. */
  get(name: string): Machine {
    const definition = this.#source.definition(name);
    const known = this.#known.get(name);
    if (known?.definition === definition) return known;
    const description = this.#source.descriptions.find(({ machine }) => machine === name) ?? { machine: name };
    const machine = readMachine(definition, description);
    this.#known.set(name, machine);
    return machine;
  }
}

function readMachine(definition: Definition, description: MachineDescription): Machine {
  const drawn = chart(definition);
  const inside = new Set(drawn.nodes.map(({ parent }) => parent));
  const leafNodes = drawn.nodes.filter(({ id, kind }) => id !== rootId && kind !== 'history' && !inside.has(id));
  // A machine without states is in its root.
  const leaves = leafNodes.length > 0 ? leafNodes.map(({ id }) => id) : [rootId];
  const attention = new Set(leaves.filter((leaf) => isTagged(drawn, leaf, ATTENTION)));
  const isSettled =
    description.settled ?? ((state) => leafNodes.some(({ id, kind }) => id === state && kind === 'final'));
  const settled = new Set(leaves.filter(isSettled));
  const isShown = description.shown ?? ((state) => !settled.has(state));
  const label = description.label ?? labelOf(definition.name);
  return {
    ...{ name: definition.name, label, plural: description.plural ?? pluralOf(label) },
    form: description.form ?? 'chart',
    ...{ definition, chart: drawn, description, leaves, attention, settled },
    shown: leaves.filter(isShown),
    tones: new Map(leaves.map((leaf) => [leaf, toneOf(leaf, { attention, settled })])),
  };
}

function isTagged({ nodes }: Chart, state: StateId, tag: string): boolean {
  for (let node = nodeOf(nodes, state); node !== undefined; node = nodeOf(nodes, node.parent)) {
    if (node.tags.includes(tag)) return true;
  }
  return false;
}

function nodeOf(nodes: readonly ChartNode[], id: StateId | null): ChartNode | undefined {
  return id === null ? undefined : nodes.find((node) => node.id === id);
}

function toneOf(leaf: StateId, { attention, settled }: Pick<Machine, 'attention' | 'settled'>): Tone {
  if (TROUBLE.test(leaf)) return 'danger';
  if (attention.has(leaf)) return 'warn';
  return settled.has(leaf) ? 'ok' : 'plain';
}

/** `pullRequest` and `pull-request` are a "Pull request". */
function labelOf(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_.]+/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function pluralOf(label: string): string {
  if (/[^aeiou]y$/.test(label)) return `${label.slice(0, -1)}ies`;
  return /(?:s|x|ch|sh)$/.test(label) ? `${label}es` : `${label}s`;
}

/** The leaf itself, or every leaf below a compound state. */
export function leavesBelow({ leaves }: Pick<Machine, 'leaves'>, state: StateId): readonly StateId[] {
  if (state === rootId) return leaves;
  return leaves.filter((leaf) => leaf === state || leaf.startsWith(`${state}.`));
}

/** The most urgent of the tones of several leaf states. */
export function toneOfStates({ tones }: Machine, states: readonly StateId[]): Tone {
  const order: readonly Tone[] = ['danger', 'warn', 'time', 'live', 'ok', 'plain'];
  const found = states.map((state) => tones.get(state) ?? 'plain');
  return order.find((tone) => found.includes(tone)) ?? 'plain';
}
