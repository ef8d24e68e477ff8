/** Who calls, and what an answer is made of. */
import type { Env } from '../env/env.ts';
import type { Town } from '../town/api.ts';

/** The run that calls. */
export type Caller = { readonly agent: string; readonly epoch: number; readonly bead: string };

export type Desk = {
  readonly town: Town;
  readonly env: Env;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
};

/** Who a run is in the log. */
export const nameOf = ({ agent, epoch }: Caller) => `agent/${agent}#${epoch}`;
