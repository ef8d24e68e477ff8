/** The demo's work can really be done: through branches and merges, in any order that the dependencies allow. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { policyPatchSchema } from '../../machines/policy.ts';
import { parseWorkFile } from '../../src/town/workfile.ts';
import { applySolution, createProject, DEMO, dispatchOrders, type Project, testFailures } from './project.ts';

const { beads } = parseWorkFile(readFileSync(`${DEMO}/work.yaml`, 'utf8'), 'work.yaml', policyPatchSchema);
const dependencies = new Map(beads.map(({ id, dependsOn }) => [String(id), dependsOn]));
// Real processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const IMPOSSIBLE = 'price-rounding';

const projects: Project[] = [];
async function newProject(): Promise<Project> {
  const project = await createProject();
  projects.push(project);
  return project;
}
afterAll(() => Promise.all(projects.map((project) => project.remove())));

function depth(id: string): number {
  return 1 + Math.max(0, ...(dependencies.get(id) ?? []).map(depth));
}

describe('the work file of the demo', () => {
  it('has at least 13 beads, three levels of dependencies, and one bead that fails and that nobody waits for', () => {
    expect(beads.length).toBeGreaterThanOrEqual(13);
    expect(Math.max(...[...dependencies.keys()].map(depth))).toBeGreaterThanOrEqual(3);
    expect(dependencies.has(IMPOSSIBLE)).toBe(true);
    expect(beads.flatMap(({ dependsOn }) => dependsOn)).not.toContain(IMPOSSIBLE);
  });
});

describe('the project of the demo', () => {
  it('passes its own tests before anything is done', async () => {
    expect(await testFailures((await newProject()).path)).toEqual([]);
  });

  it.each([1, 2])(
    'takes every solution through branches cut at dispatch and merged one after another (order %i)',
    async (seed) => {
      const project = await newProject();
      for (const { cut, merge } of dispatchOrders(dependencies, { seed, polecats: 3 + seed, without: IMPOSSIBLE })) {
        for (const bead of cut) {
          await project.branch(bead);
          await applySolution(bead, project.path);
          await project.commit(bead);
        }
        if (merge === null) continue;
        await project.merge(merge);
        expect(await testFailures(project.path), `after ${merge}`).toEqual([]);
      }
      expect(await project.merged()).toHaveLength(beads.length - 1);
    },
  );

  it('can never have the impossible bead: its tests fail', async () => {
    const project = await newProject();
    await applySolution(IMPOSSIBLE, project.path);
    expect(await testFailures(project.path)).toEqual(['the books round half a cent to the even side']);
  });
});
