/**
 * Running an invoked promise outside of a step.
 */
import { describe, expect, it } from 'vitest';
import { fromPromise, setup } from 'xstate';
import { define } from '../../src/core/define.ts';
import { Refused, Terminal } from '../../src/core/errors.ts';
import { runInvoke } from '../../src/core/invoke.ts';
import { fetcher } from './machines.ts';

const never = new AbortController().signal;

/** A machine with the actor `act`, which calls this. */
function acting(act: (signal: AbortSignal) => Promise<unknown>) {
  return define(
    setup({ actors: { act: fromPromise(({ signal }) => act(signal)) } }).createMachine({
      id: 'acting',
      invoke: { src: 'act' },
    }),
  );
}

describe('runInvoke', () => {
  it('gives the promise its input and resolves with its result', async () => {
    const page = await runInvoke(define(fetcher), { src: 'load', input: { url: 'home' } }, never);
    expect(page).toBe('page of home');
    expect(
      await runInvoke(
        acting(async () => undefined),
        { src: 'act', input: null },
        never,
      ),
    ).toBeNull();
  });

  it('rejects with what the promise threw', async () => {
    const definition = acting(async () => Promise.reject(new RangeError('too far')));
    await expect(runInvoke(definition, { src: 'act', input: null }, never)).rejects.toThrow(new RangeError('too far'));
  });

  it('aborts the promise and rejects with the reason when its signal is aborted', async () => {
    let heard: AbortSignal | undefined;
    const definition = acting((signal) => {
      heard = signal;
      return new Promise(() => undefined);
    });
    const controller = new AbortController();
    const running = runInvoke(definition, { src: 'act', input: null }, controller.signal);
    controller.abort(new RangeError('deadline'));
    await expect(running).rejects.toThrow('deadline');
    expect(heard?.aborted).toBe(true);
    await expect(runInvoke(definition, { src: 'act', input: null }, controller.signal)).rejects.toThrow('deadline');
  });

  it('is terminal when the result is not JSON, and refused when there is no such actor', async () => {
    const definition = acting(async () => new Map());
    await expect(runInvoke(definition, { src: 'act', input: null }, never)).rejects.toThrow(Terminal);
    await expect(runInvoke(definition, { src: 'act', input: null }, never)).rejects.toThrow('the result is a Map');
    await expect(runInvoke(definition, { src: 'gone', input: null }, never)).rejects.toThrow(Refused);
  });
});
