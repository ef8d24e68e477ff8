/** Any engine as a host of the inspector: everything but the words comes from its machines. */
import type { Definition } from '../core/define.ts';
import type { EngineEvent, EntityRef } from '../core/types.ts';
import type { Engine } from '../engine/engine.ts';
import type { InspectorControl, InspectorSource, MachineDescription, Order } from './source.ts';

/** The part of an engine that is looked at, whatever its machines are. */
export type InspectableEngine = Pick<
  Engine,
  | 'env'
  | 'reads'
  | 'machines'
  | 'definition'
  | 'subscribe'
  | 'preview'
  | 'deliver'
  | 'submit'
  | 'fireTimer'
  | 'retryEffect'
>;

export type EngineSourceOptions = {
  readonly name?: string;
  readonly word?: string;
  readonly machines?: readonly MachineDescription[];
  readonly mask?: (text: string) => string;
};

/** Described machines come first, in their order; the others follow. */
export function engineSource(engine: InspectableEngine, options: EngineSourceOptions = {}): InspectorSource {
  const { name = 'Engine', word = 'engine', machines: descriptions = [], mask = (text: string) => text } = options;
  const known = new Map<number, Definition>();
  const definitionOf = (row: number) => {
    const definition = known.get(row) ?? sameAs(engine, row);
    if (definition) known.set(row, definition);
    return definition;
  };
  return {
    ...{ name, word, descriptions, mask, definitionOf, env: engine.env, reads: engine.reads },
    get machines() {
      const described = descriptions.map(({ machine }) => machine).filter((machine) => hasMachine(engine, machine));
      return [...new Set([...described, ...engine.machines()])];
    },
    definition: (machine) => engine.definition(machine),
    watch: (listener) => engine.subscribe(({ rows }) => listener(rows)),
    control: controlOf(engine),
  };
}

function hasMachine(engine: InspectableEngine, machine: string): boolean {
  return engine.machines().includes(machine);
}

/** The definition of today, when it is the one that the row names. */
function sameAs(engine: InspectableEngine, row: number): Definition | null {
  const stored = engine.reads.definition(row);
  if (!stored || !hasMachine(engine, stored.machine)) return null;
  const definition = engine.definition(stored.machine);
  return definition.hash === stored.hash ? definition : null;
}

function controlOf(engine: InspectableEngine): InspectorControl {
  return {
    preview: (envelope) => engine.preview(envelope),
    send: (to: EntityRef, event: EngineEvent, { by, reason, idempotency }: Order) =>
      engine.deliver({ to, event, by, reason }, idempotency ? { idempotency } : {}),
    fireTimer: (entity, id, order) => engine.fireTimer(entity, id, submission(order)),
    retryEffect: (key, order) => engine.retryEffect(key, submission(order)),
    once: (answer, idempotency) => engine.submit(() => answer, { idempotency }),
  };
}

function submission({ by, reason, idempotency }: Order) {
  return { by, reason, ...(idempotency && { idempotency }) };
}
