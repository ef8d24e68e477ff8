/** The page of the inspector's example, run as it stands. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWebSocketReceiver } from '@statelyai/inspect';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { EntityPage, MachineView, OverviewView } from '../../src/inspector/contract.ts';
import { Heard } from '../xstate-inspect/served.ts';
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

it("L3 XState's own inspector watches it, and other WebSockets of the server are left alone", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'light-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { app, engine, server } = await lightHouse(join(folder, 'light.db'));
  await using _ = engine;
  const others: string[] = [];
  server.on('upgrade', ({ url = '' }, socket) => {
    if (url.startsWith('/inspector/')) return;
    others.push(url);
    socket.end('HTTP/1.1 418 A Teapot\r\n\r\n');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  vi.stubGlobal('WebSocket', WebSocket);
  onTestFinished(() => void vi.unstubAllGlobals());
  const heard = new Heard<{ type: string; event?: { type: string }; snapshot?: { value: unknown } }>();
  const watching = createWebSocketReceiver({ server: `ws://127.0.0.1:${port}/inspector/statelyai` });
  watching.subscribe((event) => heard.take(event as never));
  await heard.until(({ type, snapshot }) => type === '@xstate.actor' || snapshot?.value === 'off');
  await app.request('/press', { method: 'POST' });
  await heard.until(({ snapshot }) => snapshot?.value === 'on');
  const refused = await new Promise<number | undefined>((answered) => {
    const own = new WebSocket(`ws://127.0.0.1:${port}/own`);
    own.on('error', () => undefined).on('unexpected-response', (_, { statusCode }) => answered(statusCode));
  });
  expect([refused, others]).toEqual([418, ['/own']]);
});
