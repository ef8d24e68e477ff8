/** A payload's JSON Schema as the fields of a form, and what was filled in as a payload. Pure. */
import type { JsonObject, JsonValue } from '../../../core/types.ts';

export type Field = {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'choice' | 'json';
  readonly isRequired: boolean;
  readonly description: string | null;
  /** For `choice`. */
  readonly choices: readonly string[];
  /** What stands there at first. */
  readonly initial: string;
};

const isObject = (value: unknown): value is Record<string, JsonValue> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** In the order of the schema. `type` is the event's, never a field. */
export function fieldsOf(schema: JsonObject | null): readonly Field[] {
  const properties = isObject(schema?.properties) ? schema.properties : {};
  const required = Array.isArray(schema?.required) ? schema.required : [];
  return Object.entries(properties)
    .filter(([name]) => name !== 'type')
    .map(([name, property]) => {
      const about = isObject(property) ? property : {};
      return {
        name,
        kind: kindOf(about),
        isRequired: required.includes(name),
        description: typeof about.description === 'string' ? about.description : null,
        choices: Array.isArray(about.enum) ? about.enum.map(String) : [],
        initial: textOf(about.default),
      };
    });
}

function kindOf(property: Record<string, JsonValue>): Field['kind'] {
  if (Array.isArray(property.enum)) return 'choice';
  if (property.type === 'string') return 'text';
  if (property.type === 'number' || property.type === 'integer') return 'number';
  return property.type === 'boolean' ? 'boolean' : 'json';
}

function textOf(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export type Filled = { readonly payload: JsonObject } | { readonly problem: string; readonly field: string };

/** What was filled in, by field. Empty fields are left out; a required one that is empty is a problem. */
export function payloadOf(fields: readonly Field[], filled: ReadonlyMap<string, string>): Filled {
  const payload: Record<string, JsonValue> = {};
  for (const field of fields) {
    const text = filled.get(field.name) ?? field.initial;
    if (text.trim() === '' && field.kind !== 'boolean') {
      if (field.isRequired) return { field: field.name, problem: `${field.name} is needed.` };
      continue;
    }
    const value = readValue(field, text);
    if (value === undefined) return { field: field.name, problem: `${field.name} is not ${NEEDED[field.kind]}.` };
    payload[field.name] = value;
  }
  return { payload };
}

const NEEDED = { text: 'a text', number: 'a number', boolean: 'yes or no', choice: 'one of the choices', json: 'JSON' };

function readValue(field: Field, text: string): JsonValue | undefined {
  if (field.kind === 'number') return Number.isFinite(Number(text)) ? Number(text) : undefined;
  if (field.kind === 'boolean') return text === 'true';
  if (field.kind !== 'json') return text;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
