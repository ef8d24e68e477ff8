/**
 * What may be stored: finding what is not JSON before a round trip loses it, and one text for equal values.
 */
import type { JsonObject, JsonValue } from './types.ts';

const depthMax = 64;

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * The first thing in `value` that JSON would lose or change, as a clause that begins with its path
 * (`context.since is a Date`), or null when all of it survives. Undefined is fine as a property, not as an element.
 */
export function findNonJson(value: unknown, path: string): string | null {
  const found = find(value, 0);
  return found === null ? null : path + found;
}

/** Gives what {@link findNonJson} gives, but for the beginning of the path: levels add their part to a finding. */
function find(value: unknown, depth: number): string | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return null;
    case 'number':
      return Number.isFinite(value) ? null : ` is ${value}`;
    case 'object':
      return value === null ? null : findInObject(value, depth);
    default:
      return ` is ${value === undefined ? 'undefined' : `a ${typeof value}`}`;
  }
}

function findInObject(value: object, depth: number): string | null {
  if (depth > depthMax) return ` is circular or nested more than ${depthMax} deep`;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const found = find(value[index], depth + 1);
      if (found !== null) return `[${index}]${found}`;
    }
    return null;
  }
  if (!isPlain(value)) return ` is a ${value.constructor?.name ?? 'class instance'}`;
  for (const key of Object.keys(value)) {
    const property = (value as Record<string, unknown>)[key];
    if (property === undefined) continue;
    const found = find(property, depth + 1);
    if (found !== null) return `.${key}${found}`;
  }
  return null;
}

/** JSON text in which the keys of each object are sorted: equal values have equal text. */
export function stableText(value: JsonValue | undefined): string {
  if (value === null || value === undefined || typeof value !== 'object') return JSON.stringify(value ?? null);
  if (Array.isArray(value)) return `[${value.map(stableText).join(',')}]`;
  const object = value as JsonObject;
  const keys = Object.keys(object).filter((key) => object[key] !== undefined);
  return `{${keys
    .sort()
    .map((key) => `${JSON.stringify(key)}:${stableText(object[key])}`)
    .join(',')}}`;
}

/** The upper and lower half of the offset basis, and what the prime is above 2^40. */
const basis = [0xcbf29ce4, 0x84222325] as const;
const primeLow = 0x1b3;
const half = 2 ** 32;

/**
 * FNV-1a, 64 bits, of the text's UTF-16 code units: 16 hexadecimal digits. It tells definitions apart; it protects
 * nothing. In halves of 32 bits, because big integers take ten times as long and every machine passes here.
 */
export function fingerprint(text: string): string {
  let [high, low]: [number, number] = [...basis];
  for (let index = 0; index < text.length; index++) {
    low = (low ^ text.charCodeAt(index)) >>> 0;
    const product = low * primeLow;
    // 2^40 times the lower half reaches the upper one, shifted by 8; all beyond 64 bits is lost.
    high = (high * primeLow + ((low << 8) >>> 0) + Math.floor(product / half)) >>> 0;
    low = product >>> 0;
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}
