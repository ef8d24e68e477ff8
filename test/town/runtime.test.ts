/** What is started for a rig that drives an agent runtime, and what the town adds to it. */
import { describe, expect, it } from 'vitest';
import type { RigConfig, RigRuntime } from '../../machines/vocabulary.ts';
import { launchOf, planOf, runtimeOf, runtimeText } from '../../src/town/runtime.ts';
import { Runtime, toRuntime } from '../../src/town/workfile.ts';
import { RIG, world } from './world.ts';

const rig = (runtime?: RigRuntime): RigConfig => ({ ...RIG, argv: [], ...(runtime && { runtime }) });
const KILO: RigRuntime = { driver: 'kilo', model: 'code', key: 'env:KILO_TOKEN', permissions: 'ask' };

describe('the command of a runtime', () => {
  it('is drive with what was described, and the key as a secret by reference', () => {
    const gateway = { url: 'https://kilo.test' };
    const { command, secrets } = launchOf(rig({ ...KILO, gateway, settings: { a: 1 }, silenceMs: 90_000 }), null);
    expect(command.argv).toEqual([
      ...['yardmaster', 'drive', 'kilo', '--model=code', '--gateway=kilo=https://kilo.test', '--permissions=ask'],
      ...['--silence=90000ms', '--settings={"a":1}'],
    ]);
    expect(command.probe).toEqual([...command.argv, '--probe']);
    expect(command.drives).toBe('kilo');
    expect(secrets).toEqual({ GATEWAY_KEY: 'env:KILO_TOKEN' });
  });

  it('puts the arguments of the runtime last', () => {
    const { command } = launchOf(rig({ driver: 'claude', program: '/opt/claude --x', args: ['--verbose'] }), null);
    expect(command.argv.slice(2)).toEqual(['claude', '--program=/opt/claude --x', '--', '--verbose']);
    expect(command.probe?.slice(-3)).toEqual(['--probe', '--', '--verbose']);
    expect(planOf(rig({ driver: 'claude', program: '/opt/claude --x' }), null).argv).toEqual(['/opt/claude']);
  });

  it('is the own one of a rig that has one', () => {
    expect(launchOf({ ...RIG, argv: ['agent'] }, KILO).command).toEqual({ argv: ['agent'], promptBy: 'stdin' });
  });

  it('is asked beforehand where the own one drives a runtime, too', () => {
    const argv = ['yardmaster', 'drive', 'codex', '--model', 'm', '--', '-x'];
    const probe = ['yardmaster', 'drive', 'codex', '--model', 'm', '--probe', '--', '-x'];
    expect(launchOf({ ...RIG, argv }, null).command).toEqual({ argv, promptBy: 'stdin', probe });
  });

  it('is refused where nobody named one, and where there are two', () => {
    expect(() => launchOf(rig(), null)).toThrow(/neither a command .* nor a runtime/);
    expect(() => planOf({ ...RIG, argv: ['agent'], runtime: KILO }, null)).toThrow(/give it one of them/);
  });
});

describe('what a town shares with its rigs', () => {
  it('is used where the rig says nothing else', () => {
    const whole = runtimeOf(rig({ model: 'fast', settings: { b: 2 } }), { ...KILO, settings: { a: 1 } });
    expect(whole).toEqual({ ...KILO, model: 'fast', settings: { a: 1, b: 2 } });
  });

  it('is left alone but for what fits any runtime where the rig drives another one', () => {
    const whole = runtimeOf(rig({ driver: 'claude' }), { ...KILO, retries: 3, program: 'kilo-nightly' });
    expect(whole).toEqual({ driver: 'claude', permissions: 'ask', retries: 3 });
  });

  it('holds from the next start on, is kept, and heals what waited for it', async () => {
    await using w = await world({ rigs: { r: rig() }, beads: [] });
    await w.create('a');
    expect([w.state('rig/r'), w.state('bead/a')]).toEqual(['blocked.waiting', 'open.blockedConfig']);
    expect(w.town.why({ machine: 'bead', id: 'a' }).answer).toContain('neither a command (argv) nor a runtime');
    await w.env.until(w.town.setRuntime(KILO));
    await w.settle();
    expect(w.latest().command.argv).toContain('--model=code');
    expect(w.latest().secrets).toEqual({ GATEWAY_KEY: 'env:KILO_TOKEN' });
    await w.restart();
    expect(w.town.runtime()).toEqual(KILO);
    expect(w.town.verify()).toMatchObject({ ok: true, problems: [] });
    await w.env.until(w.town.setRuntime(null));
    expect(w.town.runtime()).toBeNull();
  });

  it('is changed beside the policy without bringing back what that was', async () => {
    await using w = await world({ rigs: { r: rig(KILO) }, beads: [] });
    // At whatever moment of the other change it comes.
    for (let moment = 0; moment < 12; moment += 1) {
      const patched = w.town.patchPolicy({ workingMax: moment + 1 });
      for (let tick = 0; tick < moment; tick += 1) await null;
      await w.env.until(Promise.all([patched, w.town.setRuntime({ ...KILO, retries: moment })]));
      const { policy } = w.town.get({ machine: 'town', id: 'town' })?.context ?? {};
      expect(policy).toMatchObject({ workingMax: moment + 1 });
      expect(w.town.runtime()?.retries).toBe(moment);
    }
  });
});

describe('a description', () => {
  it('takes gateways and times as people write them', () => {
    expect(toRuntime(Runtime.parse({ driver: 'kilo', gateway: 'kilo=https://g.test', silenceMs: '90s' }))).toEqual({
      ...{ driver: 'kilo', gateway: { api: 'kilo', url: 'https://g.test' }, silenceMs: 90_000 },
    });
  });

  it.each([
    [{ key: 'sk-pasted-secret-value' }, 'reference'],
    [{ gateway: 'soap=https://g.test' }, 'no API'],
    [{ gateway: 'nowhere' }, 'no address'],
    [{ modell: 'code' }, 'Unrecognized key'],
    [{ gateway: 'https://me:pasted@g.test' }, 'give the key by reference'],
    [{ gateway: 'kilo=https://pasted@g.test' }, 'give the key by reference'],
    [{ settings: { provider: { mine: { options: { apiKey: 'sk-pasted' } } } } }, '{env:NAME}'],
    [{ settings: { mcp: { x: { headers: { Authorization: 'Bearer pasted' } } } } }, '{env:NAME}'],
  ])('is refused with what is wrong: %j', (written, problem) => {
    const parsed = Runtime.safeParse({ driver: 'kilo', ...written });
    expect(parsed.error?.message).toContain(problem);
    expect(parsed.error?.message).not.toContain('pasted');
  });

  it('may say where its settings have a secret from', () => {
    const options = { apiKey: '{env:MY_KEY}', maxTokens: 5, headers: { Authorization: 'Bearer {env:MY_KEY}' } };
    expect(Runtime.safeParse({ settings: { provider: { mine: { options } }, token: null } }).success).toBe(true);
  });

  it('is told to people without its settings', () => {
    const gateway = { url: 'https://g.test' };
    expect(runtimeText({ ...KILO, driver: 'kilo', gateway, settings: { token: 'x' } })).toBe(
      'kilo code over https://g.test with the key of KILO_TOKEN',
    );
  });
});
