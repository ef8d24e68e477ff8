/** The thread of ELK: it is ended when it takes too long, and the next graph gets a new one. */
import { expect, it } from 'vitest';
import { elkGraph, sturdyRecipes } from '../../../src/inspector/layout/elk-graph.ts';
import { ElkThread } from '../../../src/inspector/layout/elk-thread.ts';
import { sceneOf } from '../../../src/inspector/layout/scene.ts';
import { parcel } from '../draw/samples.ts';

const [recipe] = sturdyRecipes;
const graph = elkGraph(sceneOf(parcel, 'down', []), 'down', recipe as (typeof sturdyRecipes)[number]);

it('answers that there is nothing when a layout does not end in time', async () => {
  expect(await new ElkThread(1).layout(graph)).toBe('unavailable');
});

it('says so when ELK fails, and goes on with the next, one after the other', async () => {
  const thread = new ElkThread();
  const broken = { ...graph, edges: [{ id: 'e', sources: ['nobody'], targets: ['nowhere'] }] };
  const [failed, placed] = await Promise.all([thread.layout(broken), thread.layout(graph)]);
  expect(failed).toBe('failed');
  expect(placed).toMatchObject({ id: 'picture', width: expect.any(Number) });
});
