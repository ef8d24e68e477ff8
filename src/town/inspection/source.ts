/** A town as a host of the inspector: its engine, its descriptions, and its own way of sending. */
import type { Definition } from '../../core/define.ts';
import { Refused } from '../../core/errors.ts';
import type { EngineEvent, EntityRef } from '../../core/types.ts';
import type { Env } from '../../env/env.ts';
import { engineSource, type InspectableEngine } from '../../inspector/engine-source.ts';
import type { InspectorSource, MachineDescription, Order } from '../../inspector/source.ts';
import type { LogRow, Reads } from '../../store/port.ts';
import type { Town } from '../api.ts';
import { definitionResolver } from '../verify.ts';
import { agentDescription } from './agents.ts';
import { beadDescription } from './beads.ts';
import { breakerDescription } from './breaker.ts';
import { containerDescription, escalationDescription, rigDescription, townDescription } from './places.ts';
import type { TownScene } from './scene.ts';

const WORD = 'town';

/** In the order in which people look at them. */
function descriptionsOf(scene: TownScene): readonly MachineDescription[] {
  return [
    beadDescription(scene),
    agentDescription(scene),
    breakerDescription(scene),
    containerDescription(scene),
    rigDescription(scene),
    escalationDescription(),
    townDescription(scene),
  ];
}

type RunningParts = TownScene & {
  readonly name: string;
  readonly engine: InspectableEngine;
  readonly send: Town['send'];
  readonly mask: (text: string) => string;
};

/** A running town. Events go through its own door, which masks secrets and knows what charts tell each other alone. */
export function townSource({ name, engine, send, mask, ...scene }: RunningParts): InspectorSource {
  const source = engineSource(engine, { name, word: WORD, machines: descriptionsOf(scene), mask });
  const control = source.control && {
    ...source.control,
    send: (to: EntityRef, event: EngineEvent, { by, reason, idempotency }: Order) =>
      send(to, event, { by, reason, ...(idempotency && { idempotency }) }),
  };
  return {
    ...source,
    machines: source.machines,
    control,
    // Machines of earlier policies are made again from their settings.
    definitionOf: definitionResolver(scene.reads),
  };
}

type StoppedParts = TownScene & {
  readonly name: string;
  readonly env: Env;
  /** The machines that the database's own policy makes. */
  readonly machines: Readonly<Record<string, Definition>>;
  /** Told of rows that another process wrote meanwhile. */
  readonly watch: (listener: (rows: readonly LogRow[]) => void) => () => void;
};

/** A town whose database is only read: nothing can be changed. */
export function stoppedTownSource({ name, env, machines, watch, ...scene }: StoppedParts): InspectorSource {
  const reads: Reads = scene.reads;
  const descriptions = descriptionsOf(scene);
  const definition = (machine: string) => {
    const found = machines[machine];
    if (found) return found;
    const known = Object.keys(machines).join(', ');
    throw new Refused('invalid', `there is no machine ${machine}; there are ${known}`, { machine });
  };
  return {
    ...{ name, word: WORD, env, reads, descriptions, definition, watch },
    machines: descriptions.map(({ machine }) => machine).filter((machine) => machine in machines),
    definitionOf: definitionResolver(reads),
    mask: (text) => text,
    control: null,
  };
}
