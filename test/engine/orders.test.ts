/** What a person may look at before it happens, and may tell the clockwork. */
import { describe, expect, it } from 'vitest';
import { bell, door, lamp, readyBell } from './machines.ts';
import { createWorld } from './world.ts';

const machines = { door, bell, lamp };
const of = (machine: string, id: string, type: string) => ({ to: { machine, id }, event: { type }, by: 'operator' });

describe('a preview', () => {
  it('shows the step and changes nothing', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    const { refused, step } = engine.preview(of('lamp', 'hall', 'PRESS'));
    expect([refused, step?.after, step?.timers.set.map(({ name }) => name)]).toEqual([null, ['on'], ['burning']]);
    expect([engine.get('lamp', 'hall')?.state, engine.reads.lastSeq()]).toEqual(['off', 1]);
  });

  it('is refused as the event would be, by the entity itself or by whom it must reach', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('door', 'front', { bell: 'one' }));
    const refusal = (type: string, id = 'front') => engine.preview(of('door', id, type)).refused;
    expect(refusal('CLOSE')).toContain('door/front in closed does not accept CLOSE; now it accepts');
    expect(refusal('OPEN', 'back')).toBe('there is no door/back');
    expect(refusal('OPEN')).toBe('RING must reach bell/one: there is no bell/one');
    expect(refusal('KNOCK')).toBeNull();
    expect(refusal('JAM')).toContain('the lock is jammed');
    await run(engine.create('bell', 'one'));
    expect(refusal('OPEN')).toBeNull();
    await run(engine.send('bell', 'one', { type: 'RING' }));
    expect(refusal('OPEN')).toContain('RING must reach bell/one: bell/one in ringing does not accept RING');
    expect(engine.reads.log({ rejected: true }, { limit: 9, order: 'asc' })).toEqual([]);
  });

  it('counts with those that the event would bring to life', async () => {
    const { engine, run } = await createWorld({ machines: { door, bell: readyBell } });
    await run(engine.create('door', 'front', { bell: 'one' }));
    expect(engine.preview(of('door', 'front', 'OPEN')).refused).toBeNull();
    expect(engine.get('bell', 'one')).toBeNull();
  });
});

describe('a reason', () => {
  it('stands in the row of the event and of its refusal, and not in those of its consequences', async () => {
    const { engine, run } = await createWorld({ machines });
    await run(engine.create('door', 'front', { bell: 'one' }));
    await run(engine.create('bell', 'one'));
    await run(engine.send('door', 'front', { type: 'OPEN' }, { reason: 'a guest' }));
    await run(engine.send('door', 'front', { type: 'OPEN' }, { reason: 'another' }).catch(() => null));
    const rows = engine.reads.log({}, { limit: 9, order: 'asc' });
    expect(rows.map(({ event, reason }) => [event.type, reason])).toEqual([
      ['xstate.init', undefined],
      ['xstate.init', undefined],
      ['OPEN', 'a guest'],
      ['RING', undefined],
      ['OPEN', 'another'],
    ]);
  });
});

describe('a timer', () => {
  it('fires when a person says so, once, and its row says who and why', async () => {
    const { engine, run, env } = await createWorld({ machines });
    await run(engine.create('lamp', 'hall'));
    await run(engine.send('lamp', 'hall', { type: 'PRESS' }));
    const [timer] = engine.reads.timers({}, { limit: 9 }).items;
    const fire = () =>
      run(engine.fireTimer({ machine: 'lamp', id: 'hall' }, timer?.id ?? '', { by: 'anna', reason: 'it is late' }));
    expect(await fire()).toMatchObject({ state: 'off' });
    expect(engine.reads.log({}, { limit: 1, order: 'desc' })[0]).toMatchObject({
      by: 'anna',
      reason: 'it is late',
      cause: 2,
    });
    await expect(fire()).rejects.toMatchObject({ code: 'not_found' });
    await env.pass(120_000);
    expect(engine.reads.lastSeq()).toBe(3);
  });
});
