/**
 * Answers are kept current with few questions: only what is looked at, only when it may have changed, not too often.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Answers } from '../../../src/inspector/app/answers.ts';
import { type Api, Problem, unreachable } from '../../../src/inspector/app/api.ts';
import { ofEntity, ofMachine } from '../../../src/inspector/app/hooks.ts';
import type { LogLine } from '../../../src/inspector/contract.ts';
import type { StreamMessage } from '../../../src/inspector/contract-stream.ts';

const commitOf = (ref: string): StreamMessage => ({ kind: 'commit', line: { ref } as LogLine, left: [], entered: [] });
const flood: StreamMessage = { kind: 'sample', seq: 9, now: 0, machines: [], rows: 9 };

function stage() {
  const asked: string[] = [];
  let isDown = false;
  const get = async (path: string) => {
    asked.push(path);
    if (isDown) throw new Problem(unreachable);
    return { path, number: asked.length };
  };
  const answers = new Answers({ get } as unknown as Api, { known: { number: 0 } }, () => {});
  const fall = () => {
    isDown = true;
  };
  return { answers, asked, fall };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('answers', () => {
  it('are asked for when they are looked at, and not when the page came with them', async () => {
    const { answers, asked } = stage();
    answers.watch('known', () => true);
    answers.watch('timers', () => true);
    await vi.runAllTimersAsync();
    expect(asked).toEqual(['timers']);
    expect(answers.of('known').value.value).toEqual({ number: 0 });
  });

  it('are asked for again after what concerns them, once for many commits', async () => {
    const { answers, asked } = stage();
    answers.watch('bead', ofMachine('bead'));
    answers.watch('one', ofEntity('agent/a1'));
    await vi.runAllTimersAsync();
    asked.length = 0;
    for (let index = 0; index < 20; index += 1) answers.hear([commitOf(`bead/b${index}`)]);
    await vi.runAllTimersAsync();
    expect(asked).toEqual(['bead']);
    answers.hear([flood]);
    await vi.runAllTimersAsync();
    expect(asked).toEqual(['bead', 'bead', 'one']);
  });

  it('rest when nobody looks, and are asked for when somebody does again', async () => {
    const { answers, asked } = stage();
    answers.watch('bead', () => true)();
    await vi.runAllTimersAsync();
    asked.length = 0;
    answers.hear([commitOf('bead/b1')]);
    await vi.runAllTimersAsync();
    expect(asked).toEqual([]);
    answers.watch('bead', () => true);
    await vi.runAllTimersAsync();
    expect(asked).toEqual(['bead']);
  });

  it('keep what was true when a question fails, and say what went wrong', async () => {
    const { answers, fall } = stage();
    answers.watch('bead', () => true);
    await vi.runAllTimersAsync();
    fall();
    await answers.of('bead').refetch();
    expect(answers.of('bead').value.value).toEqual({ path: 'bead', number: 1 });
    expect(answers.of('bead').problem.value?.code).toBe('unreachable');
  });
});
