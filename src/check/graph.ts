/** The edges of a search, packed: those of one state after those of the one before it. */

const FIRST_ROOM = 1 << 16;

export class Graph {
  #to = new Int32Array(FIRST_ROOM);
  #marks = new Uint16Array(FIRST_ROOM);
  #starts = new Int32Array(FIRST_ROOM);
  readonly #backwards = new Map<Chosen, Backwards>();
  #edges = 0;
  #closed = 0;

  get edges(): number {
    return this.#edges;
  }

  /** States whose edges are all there. */
  get size(): number {
    return this.#closed;
  }

  /** An edge of the state that is open; a second one to the same place is kept when it means something else. */
  add(to: number, mark: number): void {
    for (let edge = this.#starts[this.#closed] as number; edge < this.#edges; edge += 1) {
      if (this.#to[edge] === to && this.#marks[edge] === mark) return;
    }
    if (this.#edges === this.#to.length) this.#widen();
    this.#to[this.#edges] = to;
    this.#marks[this.#edges] = mark;
    this.#edges += 1;
  }

  /** The edges of the open state are all there; the next one is open. */
  close(): void {
    this.#closed += 1;
    if (this.#closed + 1 >= this.#starts.length) {
      const starts = new Int32Array(this.#starts.length * 2);
      starts.set(this.#starts);
      this.#starts = starts;
    }
    this.#starts[this.#closed] = this.#edges;
  }

  first(state: number): number {
    return this.#starts[state] as number;
  }

  end(state: number): number {
    return this.#starts[state + 1] as number;
  }

  to(edge: number): number {
    return this.#to[edge] as number;
  }

  mark(edge: number): number {
    return this.#marks[edge] as number;
  }

  /** Made once for each choice, when every state is closed. */
  backwards(chosen: Chosen): Backwards {
    const known = this.#backwards.get(chosen) ?? reversed(this, chosen);
    this.#backwards.set(chosen, known);
    return known;
  }

  #widen(): void {
    const to = new Int32Array(this.#to.length * 2);
    const marks = new Uint16Array(this.#marks.length * 2);
    to.set(this.#to);
    marks.set(this.#marks);
    this.#to = to;
    this.#marks = marks;
  }
}

/** Which edges count, by their marks. */
export type Chosen = (mark: number) => boolean;

/** The states from which some chosen path leads to a goal. */
export function leadsTo(graph: Graph, isGoal: (state: number) => boolean, chosen: Chosen): Uint8Array {
  const { size } = graph;
  const { starts, from } = graph.backwards(chosen);
  const reached = new Uint8Array(size);
  const queue = new Int32Array(size);
  let end = 0;
  for (let state = 0; state < size; state += 1) {
    if (!isGoal(state)) continue;
    reached[state] = 1;
    queue[end++] = state;
  }
  for (let next = 0; next < end; next += 1) {
    const state = queue[next] as number;
    for (let edge = starts[state] as number; edge < (starts[state + 1] as number); edge += 1) {
      const before = from[edge] as number;
      if (reached[before]) continue;
      reached[before] = 1;
      queue[end++] = before;
    }
  }
  return reached;
}

/** The chosen edges by where they lead: those to `state` come from `from[starts[state]]` and those after it. */
type Backwards = { readonly starts: Int32Array; readonly from: Int32Array };

function reversed(graph: Graph, chosen: Chosen): Backwards {
  const { size, edges } = graph;
  const starts = new Int32Array(size + 2);
  for (let edge = 0; edge < edges; edge += 1) {
    if (chosen(graph.mark(edge))) (starts[graph.to(edge) + 2] as number) += 1;
  }
  for (let state = 2; state < starts.length; state += 1) (starts[state] as number) += starts[state - 1] as number;
  const from = new Int32Array(starts[size + 1] as number);
  for (let state = 0; state < size; state += 1) {
    for (let edge = graph.first(state); edge < graph.end(state); edge += 1) {
      if (!chosen(graph.mark(edge))) continue;
      const slot = graph.to(edge) + 1;
      from[starts[slot] as number] = state;
      (starts[slot] as number) += 1;
    }
  }
  return { starts, from };
}

/** The number of each state's strongly connected part, over the chosen edges. Without recursion. */
export function partsOf(graph: Graph, chosen: Chosen): Int32Array {
  const { size } = graph;
  const part = new Int32Array(size).fill(-1);
  const index = new Int32Array(size);
  const low = new Int32Array(size);
  const cursor = new Int32Array(size);
  const stack: number[] = [];
  const path: number[] = [];
  let clock = 0;
  let parts = 0;
  const enter = (state: number) => {
    clock += 1;
    index[state] = clock;
    low[state] = clock;
    cursor[state] = graph.first(state);
    stack.push(state);
    path.push(state);
  };
  const leave = (state: number) => {
    path.pop();
    const above = path[path.length - 1];
    if (above !== undefined) low[above] = Math.min(low[above] as number, low[state] as number);
    if (low[state] !== index[state]) return;
    for (;;) {
      const member = stack.pop() as number;
      part[member] = parts;
      if (member === state) break;
    }
    parts += 1;
  };
  for (let root = 0; root < size; root += 1) {
    if (index[root] !== 0) continue;
    enter(root);
    while (path.length > 0) {
      const state = path[path.length - 1] as number;
      const edge = cursor[state] as number;
      if (edge >= graph.end(state)) {
        leave(state);
        continue;
      }
      cursor[state] = edge + 1;
      if (!chosen(graph.mark(edge))) continue;
      const to = graph.to(edge);
      if (to >= size) continue;
      if (index[to] === 0) enter(to);
      else if (part[to] === -1) low[state] = Math.min(low[state] as number, index[to] as number);
    }
  }
  return part;
}
