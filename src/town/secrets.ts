/** The values that no output may show: those of the rigs' secret references, as far as they can be resolved. */
import type { RigConfig } from '../../machines/vocabulary.ts';
import { createMask, type Mask } from '../agents/mask.ts';
import { checkSecrets, type Environment, resolveSecrets } from '../agents/secrets.ts';
import type { EngineEvent, JsonValue } from '../core/types.ts';

/** A mask over everything that the rigs' references lead to now. */
export async function maskOf(configs: readonly RigConfig[], environment: Environment): Promise<Mask> {
  const values: string[] = [];
  for (const { secrets } of configs) {
    const missing = new Set((await checkSecrets(secrets, environment)).map(({ variable }) => variable));
    const present = Object.fromEntries(Object.entries(secrets).filter(([variable]) => !missing.has(variable)));
    values.push(...Object.values(await resolveSecrets(present, environment)));
  }
  return createMask(values);
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
