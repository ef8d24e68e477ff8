/** The directed towns: every edge of every chart is taken, through the engine that production runs. */
import { expect, it } from 'vitest';
import { allEdges } from '../../src/simulator/coverage.ts';
import { playDirected } from '../../src/simulator/directed.ts';
import { inFolder } from './towns.ts';

it('take every edge of the charts, and violate nothing', async () => {
  const { coverage, problems } = await inFolder(playDirected);
  expect(problems).toEqual([]);
  expect(allEdges().filter((edge) => !coverage.hits.has(edge))).toEqual([]);
}, 300_000);
