/** The page of the inspector's example, run as it stands. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { EntityPage, MachineView, OverviewView } from '../../src/inspector/contract.ts';
import { lightHouse } from './inspected-light.ts';

it("L2 a light of one's own is shown without a word about it", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'light-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { app, engine } = await lightHouse(join(folder, 'light.db'));
  await using _ = engine;
  const get = async <T>(path: string) => (await (await app.request(`/inspector/api/${path}`)).json()) as T;
  await app.request('/press', { method: 'POST' });
  const overview = await get<OverviewView>('overview');
  expect(overview).toMatchObject({ sentence: 'All moving', access: 'read' });
  expect(overview.machines).toMatchObject([{ label: 'Light', plural: 'Lights', form: 'chart', total: 1 }]);
  const { chart } = await get<MachineView>('machines/light');
  expect(chart.nodes.map(({ id }) => id)).toEqual(['(root)', 'off', 'on']);
  const page = await get<EntityPage>('entities/light/kitchen');
  expect(page.line).toMatchObject({ title: 'kitchen', state: 'on', next: { name: 'burning' } });
  expect(page.waitingFor.events).toEqual(['PRESS']);
});
