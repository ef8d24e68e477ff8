/** A payload's schema as a form, and the form as a payload. */
import { describe, expect, it } from 'vitest';
import { fieldsOf, payloadOf } from '../../../src/inspector/app/parts/payload.ts';

const schema = {
  type: 'object',
  required: ['reason', 'count'],
  properties: {
    type: { const: 'PAUSE' },
    reason: { type: 'string', description: 'Why.' },
    count: { type: 'integer', default: 3 },
    force: { type: 'boolean' },
    mode: { enum: ['soft', 'hard'] },
    rest: { type: 'object' },
  },
};
const fields = fieldsOf(schema);

describe('the form of a payload', () => {
  it('has a field for each property but the event type, in their order', () => {
    expect(fields.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'reason text',
      'count number',
      'force boolean',
      'mode choice',
      'rest json',
    ]);
    expect(fieldsOf(null)).toEqual([]);
  });

  it('makes values of what was filled in, and leaves out what was not', () => {
    const filled = new Map([
      ['reason', 'the disk is full'],
      ['force', 'true'],
      ['mode', 'hard'],
      ['rest', '{"a":[1]}'],
    ]);
    expect(payloadOf(fields, filled)).toEqual({
      payload: { reason: 'the disk is full', count: 3, force: true, mode: 'hard', rest: { a: [1] } },
    });
  });

  it('says what is missing, and what is not what it should be', () => {
    expect(payloadOf(fields, new Map())).toEqual({ field: 'reason', problem: 'reason is needed.' });
    const reason = ['reason', 'x'] as const;
    expect(payloadOf(fields, new Map([reason, ['count', 'many']]))).toMatchObject({
      problem: 'count is not a number.',
    });
    expect(payloadOf(fields, new Map([reason, ['rest', '{']]))).toMatchObject({ problem: 'rest is not JSON.' });
  });
});
