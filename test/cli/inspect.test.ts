/** The inspector of a town that rests: `inspect --offline` serves what was left, until it is told to stop. */
import { request } from 'node:http';
import { expect, test } from 'vitest';
import { exits } from '../../src/cli/exits.ts';
import { createSystemEnv } from '../../src/env/system.ts';
import type { EntityPage, OverviewView, ProblemView } from '../../src/inspector/contract.ts';
import { createTown } from '../../src/town/town.ts';
import { RIG, ScriptedContainer, ScriptedIntegrator } from '../town/world.ts';
import { folder, testShell } from './shell.ts';

/** The folder of a town with one bead that somebody holds, left a moment ago. */
async function townAtRest(): Promise<string> {
  const directory = folder();
  const env = createSystemEnv({ log: () => undefined });
  const hands = { container: new ScriptedContainer(), integrator: new ScriptedIntegrator() };
  await using town = await createTown({ directory, env, rigs: { r: RIG }, agents: [{ id: 'p1', rig: 'r' }], ...hands });
  await town.createBeads([{ id: 'one', title: 'Bake bread', held: true }]);
  return directory;
}

type Answer = { readonly status: number; readonly headers: Record<string, unknown>; readonly text: string };

/** Over a socket as a browser does it, with the cookie that it was given. */
function ask(url: URL, cookie = '', body?: object): Promise<Answer> {
  const method = body ? 'POST' : 'GET';
  const headers = { cookie, ...(body && { 'content-type': 'application/json', origin: url.origin }) };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    });
    asked.on('error', reject).end(body && JSON.stringify(body));
  });
}

test('a town that rests is served to whoever has the link, and nothing can be changed', async () => {
  const data = await townAtRest();
  const shell = testShell();
  const ended = shell.run('inspect', '--offline', '--data', data);
  await shell.out.has(/to look at: http:\S+\n/);
  const link = new URL(/to look at: (\S+)/.exec(shell.out.text)?.[1] ?? '');
  const at = (path: string) => new URL(`/inspector/${path}`, link);
  expect((await ask(at('api/overview'))).status).toBe(401);
  const login = await ask(link);
  expect([login.status, login.headers.location]).toEqual([303, '/inspector/']);
  const cookie = String(login.headers['set-cookie']).split(';')[0];
  const overview = JSON.parse((await ask(at('api/overview'), cookie)).text) as OverviewView;
  expect(overview).toMatchObject({ access: 'read', word: 'town' });
  const bead = JSON.parse((await ask(at('api/entities/bead/one'), cookie)).text) as EntityPage;
  expect([bead.line.title, bead.line.state, bead.actions]).toEqual(['Bake bread', 'open.held', []]);
  const refused = await ask(at('api/entities/bead/one/events'), cookie, { event: 'RELEASE' });
  expect([refused.status, (JSON.parse(refused.text) as ProblemView).code]).toEqual([403, 'forbidden']);
  expect((await ask(at('machines/bead'), cookie)).headers['content-type']).toContain('text/html');
  shell.signal('SIGINT');
  expect(await ended).toBe(exits.done);
  await expect(ask(at('api/overview'), cookie)).rejects.toThrow();
});

test('where there is no town it says what to do', async () => {
  const shell = testShell();
  expect(await shell.run('inspect', '--offline', '--data', 'nowhere')).not.toBe(exits.done);
  expect(shell.errors.text).toMatch(/there is no town in .*: correct --data/);
});
