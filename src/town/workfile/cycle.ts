/** Finds circles in a graph of names. It walks without recursion, so that a chain of 100,000 is no problem. */

/** From each name to those it depends on. Names that are no key lead nowhere. */
export type Edges = ReadonlyMap<string, readonly string[]>;

/** A circle, its first name repeated at the end (`['a', 'b', 'a']`); null when there is none. */
export function findCycle(edges: Edges): readonly string[] | null {
  return findCycles(edges, 1)[0] ?? null;
}

/** Circles, at most `max`: at least one for each group of names that wait for each other, as long as there is room. */
export function findCycles(edges: Edges, max: number): readonly (readonly string[])[] {
  const cycles: string[][] = [];
  const seen = new Map<string, 'open' | 'closed'>();
  for (const start of edges.keys()) {
    if (seen.has(start)) continue;
    const path = [{ name: start, next: 0 }];
    seen.set(start, 'open');
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const name = edges.get(top.name)?.[top.next];
      top.next += 1;
      if (name === undefined) {
        seen.set(top.name, 'closed');
        path.pop();
      } else if (seen.get(name) === 'open') {
        cycles.push(circle(path, name));
        if (cycles.length >= max) return cycles;
      } else if (!seen.has(name) && edges.has(name)) {
        seen.set(name, 'open');
        path.push({ name, next: 0 });
      }
    }
  }
  return cycles;
}

function circle(path: readonly { name: string }[], name: string): string[] {
  const names = path.map((step) => step.name);
  return [...names.slice(names.indexOf(name)), name];
}
