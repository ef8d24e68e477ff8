/** Who calls, and what an answer is made of. */
import type { Env } from '../env/env.ts';
import type { SendOptions, Town } from '../town/api.ts';

/** The run that calls. */
export type Caller = { readonly agent: string; readonly epoch: number; readonly bead: string };

export type Desk = {
  readonly town: Town;
  readonly env: Env;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Where the caller named its call: a repetition is answered as before. */
  readonly idempotency?: SendOptions['idempotency'];
};

/** How a question stands: a person answered, a person closed it without an answer, or nobody has looked yet. */
export const settlements = ['answered', 'closed', 'waiting'] as const;

/** What a call answers. */
export type Reply = {
  /** In words, for the agent. */
  readonly answer: string;
  /** Of a question only, for programs. */
  readonly settled?: (typeof settlements)[number];
  /** What a person said to a question, where one did. */
  readonly text?: string;
  /** Of a bead that was created, for programs. */
  readonly bead?: string;
};

/** Who a run is in the log. */
export const nameOf = ({ agent, epoch }: Caller) => `agent/${agent}#${epoch}`;
