import { describe, expect, it } from 'vitest';
import { MINUTE, world } from './world.ts';

const HOUR = 60 * MINUTE;
const raise = (message: string) => ({ type: 'RAISE', subject: 'bead/b', cause: 'test', message });

async function raised() {
  const told: { message: string; reminders: number }[] = [];
  const w = await world({ beads: [], notify: ({ message, reminders }) => void told.push({ message, reminders }) });
  await w.tell('escalation/bead/b:test', raise('look'));
  return { w, told };
}

describe('an escalation', () => {
  it('is one for each subject and cause, told once however often it is raised', async () => {
    const { w, told } = await raised();
    await using _ = w;
    await w.tell('escalation/bead/b:test', raise('look again'));
    expect(told).toEqual([{ message: 'look', reminders: 0 }]);
    expect(w.town.status().escalations).toMatchObject([{ subject: 'bead/b', cause: 'test', message: 'look again' }]);
  });

  it('writes nothing when it is raised with the same words', async () => {
    const { w } = await raised();
    await using _ = w;
    const { rev } = w.town.get({ machine: 'escalation', id: 'bead/b:test' }) ?? {};
    await w.tell('escalation/bead/b:test', raise('look'));
    expect(w.town.get({ machine: 'escalation', id: 'bead/b:test' })?.rev).toBe(rev);
  });

  it('reminds three times, ever later, and then is silent', async () => {
    const { w, told } = await raised();
    await using _ = w;
    await w.pass(4 * HOUR - MINUTE);
    expect(told).toHaveLength(1);
    await w.pass(MINUTE);
    expect(told).toHaveLength(2);
    await w.pass(8 * HOUR);
    expect(told).toHaveLength(3);
    await w.pass(100 * HOUR);
    expect(told.map(({ reminders }) => reminders)).toEqual([0, 1, 2, 3]);
  });

  it('that a person has seen reminds no more', async () => {
    const { w, told } = await raised();
    await using _ = w;
    await w.tell('escalation/bead/b:test', { type: 'ACKNOWLEDGE' });
    await w.pass(100 * HOUR);
    expect(told).toHaveLength(1);
  });

  it('is told again when its cause comes again', async () => {
    const { w, told } = await raised();
    await using _ = w;
    await w.tell('escalation/bead/b:test', { type: 'RESOLVE' });
    expect(w.town.status().escalations).toEqual([]);
    await w.tell('escalation/bead/b:test', raise('again'));
    expect(told.map(({ message }) => message)).toEqual(['look', 'again']);
  });

  it('survives a listener that throws', async () => {
    await using w = await world({
      beads: [],
      notify: () => {
        throw new TypeError('the mail server is away');
      },
    });
    await w.tell('escalation/bead/b:test', raise('look'));
    expect(w.state('escalation/bead/b:test')).toBe('raised');
  });
});
