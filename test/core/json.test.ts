/**
 * Finding what JSON would lose, and text that is equal for equal values.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findNonJson, fingerprint, stableText } from '../../src/core/json.ts';
import type { JsonValue } from '../../src/core/types.ts';

describe('findNonJson', () => {
  it('lets everything pass that survives a round trip', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => findNonJson(value, 'it') === null),
      { seed: 1 },
    );
    expect(findNonJson({ optional: undefined, bare: Object.create(null) }, 'it')).toBeNull();
  });

  it('names the path of what does not', () => {
    expect(findNonJson({ list: [{ at: new Date(0) }] }, 'params')).toBe('params.list[0].at is a Date');
    expect(findNonJson(undefined, 'params')).toBe('params is undefined');
    const circle: Record<string, unknown> = {};
    circle.again = circle;
    expect(findNonJson(circle, 'it')).toContain('is circular or nested more than 64 deep');
  });
});

describe('stableText', () => {
  it('is the same whatever the order of keys, and parses back', () => {
    expect(stableText({ b: [1, { d: null, c: 'x' }], a: undefined })).toBe('{"b":[1,{"c":"x","d":null}]}');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(stableText(value as JsonValue))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { seed: 2 },
    );
  });
});

describe('fingerprint', () => {
  it('is the FNV-1a of the text in 16 digits', () => {
    expect([fingerprint(''), fingerprint('a'), fingerprint('foobar')]).toEqual([
      'cbf29ce484222325',
      'af63dc4c8601ec8c',
      '85944171f73967e8',
    ]);
  });
});
