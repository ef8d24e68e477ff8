/** Which edges of the charts were taken. An edge that no seed takes is an edge that nothing tests. */
import { townMachines } from '../../machines/index.ts';
import { defaultPolicy } from '../../machines/policy.ts';
import { chart } from '../core/chart.ts';
import type { Definition } from '../core/define.ts';
import type { LogRow } from '../store/port.ts';

export class Coverage {
  /** `machine: edge` → how often. */
  readonly hits = new Map<string, number>();

  take({ entity, taken }: Pick<LogRow, 'entity' | 'taken'>): void {
    for (const edge of taken) this.#count(`${entity.machine}: ${edge}`, 1);
  }

  add(other: ReadonlyMap<string, number>): void {
    for (const [edge, times] of other) this.#count(edge, times);
  }

  #count(edge: string, times: number): void {
    this.hits.set(edge, (this.hits.get(edge) ?? 0) + times);
  }
}

/** All edges of the town's charts, as coverage names them. */
export function allEdges(): readonly string[] {
  const definitions: Readonly<Record<string, Definition>> = townMachines(defaultPolicy);
  return Object.entries(definitions).flatMap(([machine, definition]) =>
    chart(definition).edges.map(({ id }) => `${machine}: ${id}`),
  );
}
