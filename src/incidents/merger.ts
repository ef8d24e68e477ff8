/** The outside as an integrator: what is merged is merged whether or not the answer arrives. */
import type { Integrator, MergeOutcome, MergeRequest } from '../agents/port.ts';
import { Retryable, Terminal } from '../core/errors.ts';
import type { Clock } from '../env/env.ts';
import type { MergeRule, Said } from './format.ts';
import type { History } from './history.ts';
import { Rules } from './rules.ts';

export class Merger implements Integrator {
  readonly rules = new Rules<MergeRule>({ answer: 'merged' });
  probeAnswer: Said<'mergeProbe'> = 'truth';
  readonly #landed = new Set<string>();
  readonly #history: History;
  readonly #now: () => number;
  readonly #clock: Clock;

  constructor({ history, now, clock }: { history: History; now: () => number; clock: Clock }) {
    this.#history = history;
    this.#now = now;
    this.#clock = clock;
  }

  async merge(request: MergeRequest): Promise<MergeOutcome> {
    const { bead, epoch, head } = request;
    const call = { bead, agent: '', epoch };
    const merged = { kind: 'merged', commit: head } as const;
    this.#history.merges.push({ at: this.#now(), ...call });
    if (this.#landed.has(keyOf(request))) return merged;
    const { answer, takes } = this.rules.answer(call, false);
    if (takes !== undefined) {
      await new Promise<void>((resolve) => void this.#clock.at(this.#clock.now() + takes, resolve));
    }
    switch (answer) {
      case 'merged':
        this.#landed.add(keyOf(request));
        return merged;
      case 'lost':
        this.#landed.add(keyOf(request));
        return new Promise(() => undefined);
      case 'never':
        return new Promise(() => undefined);
      case 'conflict':
        return { kind: 'conflict', files: ['README.md'] };
      case 'tests_failed':
        return { kind: 'tests_failed', code: 1, tail: '' };
      case 'nothing':
        return { kind: 'nothing' };
      case 'blocked':
        return { kind: 'blocked', reason: 'a checkout of a person is in the way' };
      case 'throws':
        throw new Retryable('the repository can not be reached', 0);
      case 'refused':
        throw new Terminal('the branch is not at its head');
    }
  }

  async merged(request: Omit<MergeRequest, 'test' | 'testTimeoutMs'>): Promise<{ commit: string } | null> {
    if (this.probeAnswer === 'never') return new Promise(() => undefined);
    if (this.probeAnswer === 'refused') throw new Terminal('the repository can not be read');
    if (this.probeAnswer === 'throws') throw new Retryable('the repository can not be reached', 0);
    return this.#landed.has(keyOf(request)) ? { commit: request.head } : null;
  }
}

const keyOf = ({ bead, head }: { bead: string; head: string }) => `${bead}@${head}`;
