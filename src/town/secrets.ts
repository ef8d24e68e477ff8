/** The values that no output may show: those of the rigs' secret references, as far as they can be resolved. */
import { createMask, type Mask } from '../agents/mask.ts';
import { checkSecrets, type Environment, resolveSecrets, type SecretReferences } from '../agents/secrets.ts';
import type { EngineEvent, JsonValue } from '../core/types.ts';

/** So many values are masked at a time: the oldest were rotated long ago. */
const KNOWN_MAX = 1_000;

/**
 * All values that references led to while this process ran: what was rotated stays secret, because runs that began
 * with it go on.
 */
export class KnownSecrets {
  readonly #environment: Environment;
  #values: ReadonlySet<string> = new Set();
  #mask: Mask = createMask([]);

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Looks again at what the references lead to. What can not be resolved has no value to mask. */
  async learn(references: readonly SecretReferences[]): Promise<void> {
    const found: string[] = [];
    for (const given of references) {
      const missing = new Set((await checkSecrets(given, this.#environment)).map(({ variable }) => variable));
      const present = Object.fromEntries(Object.entries(given).filter(([variable]) => !missing.has(variable)));
      found.push(...Object.values(await resolveSecrets(present, this.#environment)));
    }
    if (found.every((value) => this.#values.has(value))) return;
    const older = [...this.#values].filter((value) => !found.includes(value));
    this.#values = new Set([...older, ...found].slice(-KNOWN_MAX));
    this.#mask = createMask([...this.#values]);
  }

  mask = (text: string): string => this.#mask(text);
}

/** Every text of an event through the mask: what agents say goes into the log. */
export function maskEvent(mask: Mask, event: EngineEvent): EngineEvent {
  return { ...(maskJson(mask, event) as EngineEvent), type: event.type };
}

function maskJson(mask: Mask, value: unknown): JsonValue | undefined {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((inner) => maskJson(mask, inner) ?? null);
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskJson(mask, inner)]));
}
