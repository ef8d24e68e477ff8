/** What a run says to its town with the command that is in its PATH. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunSpec } from '../../src/agents/port.ts';
import { exits } from '../../src/cli/exits.ts';
import { createSystemEnv } from '../../src/env/system.ts';
import { type Served, serveTown } from '../../src/http/serve.ts';
import { openMemory } from '../../src/store/memory.ts';
import type { Town } from '../../src/town/api.ts';
import { createTown } from '../../src/town/town.ts';
import { RIG, ScriptedContainer, ScriptedIntegrator } from '../town/world.ts';
import { folder, testShell } from './shell.ts';

const env = createSystemEnv({ log: () => undefined });
const ref = { machine: 'agent', id: 'p1' };
let town: Town;
let served: Served;
let run: RunSpec;

beforeEach(async () => {
  const container = new ScriptedContainer();
  const begun = new Promise<RunSpec>((resolve) => {
    container.onStart = async (spec) => {
      resolve(spec);
      return container.accepts();
    };
  });
  town = await createTown({
    ...{ directory: folder(), env, store: openMemory({ env }), container, integrator: new ScriptedIntegrator() },
    ...{ rigs: { r: RIG }, agents: [{ id: 'p1', rig: 'r' }], awaitApi: true },
  });
  served = await serve(0);
  await town.createBeads([{ id: 'b1', title: 'Rename the flag', body: 'Everywhere.' }]);
  run = await begun;
  await container.beat(run);
});
afterEach(async () => {
  await served.close();
  await town[Symbol.asyncDispose]();
});

function serve(port: number): Promise<Served> {
  return serveTown(town, { operatorToken: 'o'.repeat(43), env, version: 'test', port });
}

function shellOfRun(more: Record<string, string> = {}) {
  return testShell({
    environment: {
      YARDMASTER_API_URL: run.api?.url ?? '',
      YARDMASTER_TOKEN: run.api?.token ?? '',
      ...{ YARDMASTER_AGENT: run.agent, YARDMASTER_EPOCH: String(run.epoch), ...more },
    },
  });
}

async function call(...words: readonly string[]) {
  const shell = shellOfRun();
  const code = await shell.run('call', ...words);
  return { code, out: shell.out.text, errors: shell.errors.text };
}

const events = (type: string) =>
  town.log({ entity: ref, type, rejected: false }, { limit: 10 }).map(({ event, by }) => ({ ...event, by }));

describe('in a run', () => {
  test('it says how the work gets on, and that it is done', async () => {
    expect(await call('progress', 'half', 'of it')).toEqual({ code: exits.done, out: 'Noted.\n', errors: '' });
    expect((await call('checkpoint', 'the parser is done')).out).toContain('Kept');
    expect(await call('done', 'Renamed it')).toMatchObject({ code: exits.done });
    expect(events('PROGRESS').map((event) => 'note' in event && event.note)).toEqual([
      'half of it',
      'checkpoint: the parser is done',
    ]);
    expect(events('DONE')).toMatchObject([{ summary: 'Renamed it', by: `agent/p1#${run.epoch}` }]);
  });

  test('it shows the bead, makes another one, and says what it can not do', async () => {
    expect((await call('bead-details')).out).toContain('Everywhere.');
    const made = await call('create-bead', 'A broken link', '--body', 'In the README.', '--depends-on-mine', '--json');
    const { bead } = JSON.parse(made.out) as { bead: string };
    expect(town.get({ machine: 'bead', id: bead })?.context).toMatchObject({
      title: 'A broken link',
      dependsOn: ['b1'],
    });
    expect(town.brief(bead)).toBe('In the README.');
    expect((await call('failed', '--fields', '{"reason":"no compiler","class":"permanent"}')).code).toBe(exits.done);
    expect(events('FAILED')).toMatchObject([{ reason: 'no compiler', class: 'permanent' }]);
  });

  test('a question goes on waiting until there is an answer, which is all that is printed', async () => {
    const shell = shellOfRun();
    const asked = shell.run('call', 'ask', 'Which database?');
    const isAsked = () =>
      new Promise<void>((resolve) => {
        const unwatch = town.watch((rows) => rows.some(({ entity }) => entity.machine === 'escalation') && done());
        const done = () => {
          unwatch();
          resolve();
        };
      });
    await isAsked();
    await town.send({ machine: 'escalation', id: 'bead/b1:question' }, { type: 'RESOLVE', reason: 'sqlite' });
    expect(await asked).toBe(exits.done);
    expect(shell.out.text).toBe('sqlite\n');
  });

  test('a question that nobody answers in time is no answer', async () => {
    expect(await call('ask', 'Anybody there?', '--wait', '300ms')).toMatchObject({
      code: exits.unfinished,
      out: '',
      errors: expect.stringContaining('Nobody has answered yet'),
    });
  });

  test('a town that is being started again is waited for', async () => {
    const { port } = new URL(served.url);
    await served.close();
    const said = call('done', 'Renamed it');
    served = await serve(Number(port));
    expect(await said).toMatchObject({ code: exits.done });
    expect(events('DONE')).toHaveLength(1);
  });

  test('what is wrong is said before anything is sent, and a stranger is kept out', async () => {
    expect(await call('dnoe', 'x')).toMatchObject({ code: exits.usage, errors: expect.stringContaining('use done, ') });
    expect((await call('done')).errors).toContain('yardmaster call done "<summary>"');
    expect((await call('bead-details', 'x')).errors).toContain('takes no words');
    expect((await call('failed', '--class', 'sad', 'x')).errors).toMatch(/class .*transient/);
    expect((await call('done', '--fields', '{')).errors).toContain('is no JSON');
    const stranger = shellOfRun({ YARDMASTER_TOKEN: 'ymr_of-another-run' });
    expect(await stranger.run('call', 'done', 'x')).toBe(exits.noTown);
    expect(events('DONE')).toEqual([]);
  });
});

test('outside of a run it says what it is for', async () => {
  const shell = testShell();
  expect(await shell.run('call', 'done', 'x')).toBe(exits.usage);
  expect(shell.errors.text).toContain('this is no run of a town');
  expect(shell.errors.text).not.toContain('tell`');
});
