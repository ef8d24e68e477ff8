/** The machines that an engine knows, each with the row of its definition in the store. */
import type { Definition } from '../core/define.ts';
import { Bug, Refused } from '../core/errors.ts';
import type { Transaction } from '../store/port.ts';

/** A definition and its row: the row's number stands beside every snapshot and log row that the definition made. */
export type Known = { readonly definition: Definition; readonly row: number };

export class Definitions {
  #known: ReadonlyMap<string, Known> = new Map();

  /** The definitions with their rows, which are made when they are new. They count from {@link adopt} on. */
  static register(tx: Transaction, definitions: readonly Definition[]): readonly Known[] {
    return definitions.map((definition) => {
      const { name, hash, settings } = definition;
      return { definition, row: tx.defineMachine({ machine: name, hash, settings }) };
    });
  }

  /** To be called after the commit that registered them. */
  adopt(added: readonly Known[]): void {
    this.#known = new Map([...this.#known, ...added.map((known) => [known.definition.name, known] as const)]);
  }

  get names(): readonly string[] {
    return [...this.#known.keys()];
  }

  find(machine: string): Known | undefined {
    return this.#known.get(machine);
  }

  /** Throws Refused `invalid` with the names that there are. */
  get(machine: string): Known {
    const known = this.#known.get(machine);
    if (known) return known;
    if (this.#known.size === 0) throw new Bug('the engine has not started: call start() first, and wait for it');
    const message = `there is no machine ${machine}; there are ${[...this.#known.keys()].join(', ')}`;
    throw new Refused('invalid', message, { machine });
  }
}
