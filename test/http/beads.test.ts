/** Beads and receipts over HTTP. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Harness, harness } from './harness.ts';

let api: Harness;
afterEach(() => api[Symbol.asyncDispose]());

describe('beads over HTTP', () => {
  it('creates a bead and shows it with its text and its attempts', async () => {
    api = await harness({ beads: [], agentCount: 0 });
    const made = await api.post('/beads', { id: 'gt-1', title: 'Fix it', body: 'All of it.', labels: ['now'] });
    console.log(made.text, api.world.env.logged.at(-1));
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe('/api/v1/beads/gt-1');
    expect(made.body).toEqual({
      seq: expect.any(Number),
      entity: 'bead/gt-1',
      at: api.world.env.clock.now(),
      state: 'open.ready',
    });
    const shown = await api.get('/beads/gt-1');
    expect(shown.status).toBe(200);
    expect(shown.body).toMatchObject({
      ...{ ref: 'bead/gt-1', state: 'open', substate: 'open.ready', brief: 'All of it.', attempts: [] },
      context: { title: 'Fix it', labels: ['now'] },
    });
  });
});
