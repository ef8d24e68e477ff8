/** Which rows of what stands around the work, containers and the breaker, tell of trouble. */
import type { LogRow } from '../../store/port.ts';
import type { Trouble } from './trouble.ts';

const containers: Readonly<Record<string, Trouble>> = {
  suspect: { happened: 'did not answer', answer: 'asked again, faster; its runs are not judged yet' },
  down: { happened: 'is away', answer: 'its runs were released; it is made again after a wait' },
  broken: { happened: 'can not be made as it is configured', answer: 'a person was told', tone: 'lost' },
};

/** Null: the row is the ordinary course of things. */
export function aroundTrouble({ entity, before, after }: LogRow): Trouble | null {
  const [from, to] = [top(before), top(after)];
  if (from === to || before === '') return null;
  if (entity.machine === 'breaker') return breakerTrouble(from, to);
  if (entity.machine !== 'container') return null;
  if (to === 'up' && (from === 'suspect' || from === 'down'))
    return { happened: 'answers again', answer: null, tone: 'mended' };
  return containers[to] ?? null;
}

function breakerTrouble(from: string, to: string): Trouble | null {
  if (to === 'open')
    return { happened: 'starts fail all over the town', answer: 'nothing is dispatched until it has cooled' };
  if (to === 'halfOpen' && from === 'open')
    return { happened: 'has cooled', answer: 'one start is let through to see' };
  if (to === 'closed' && from === 'halfOpen') {
    return { happened: 'the probe started', answer: 'starts are let in again, slowly at first', tone: 'mended' };
  }
  // A pause has no cause in the run: `waiting.ts` tells of it.
  return null;
}

function top(state: string): string {
  return state.split('.')[0] ?? state;
}
