/** Who may do what: the operator everything, a run what is its own. A gate before each route names its caller. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Refused } from '../core/errors.ts';
import type { JsonValue } from '../core/types.ts';
import type { Env } from '../env/env.ts';
import type { EntityView, Town } from '../town/api.ts';
import { readBody } from './body.ts';
import type { ApiContext, ApiMiddleware } from './context.ts';
import type { Limiter } from './limiter.ts';
import type { Problems } from './problems.ts';
import { type Run, Runs } from './runs.ts';

export type Gate = {
  readonly middleware: ApiMiddleware;
  /** Names of security schemes of the OpenAPI document, any of which will do; none: everybody. */
  readonly security: readonly ('operator' | 'run' | 'runner')[];
};

export type Gates = {
  /** Everybody, at a shared and low rate. */
  readonly anyone: Gate;
  readonly operator: Gate;
  /** The operator, or the current run of the agent in the path. */
  readonly ownAgent: Gate;
  /** The same, for reports: the run's epoch is also in the body. A run that was replaced is told so. */
  readonly ownReport: Gate;
  /** The same, for calls of a run: its token alone names the epoch. */
  readonly ownRun: Gate;
  /** The operator, or the current run of the bead in the path. */
  readonly ownBead: Gate;
  /** The runner in the path, and nobody else. */
  readonly ownRunner: Gate;
};

type Parts = {
  readonly town: Town;
  readonly env: Env;
  readonly operatorToken: string;
  readonly limiter: Limiter;
  readonly problems: Problems;
};

/** True when both are equal; the time it takes tells nothing about either. */
export function isSameText(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** The token of `Authorization: Bearer`. Refused `unauthorized` without one. */
function bearerOf(context: ApiContext): string {
  const header = context.req.header('authorization') ?? '';
  const token = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header)?.[1];
  if (token !== undefined) return token;
  throw new Refused(
    'unauthorized',
    'send the operator token, or the token of the run, as a bearer token in the header "Authorization"',
  );
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}

const epochOf = (view: EntityView | null) => numberOf(view?.context.epoch);

async function claimedEpoch(context: ApiContext): Promise<number> {
  const { value } = await readBody(context);
  return typeof value === 'object' && value !== null && 'epoch' in value ? numberOf(value.epoch as JsonValue) : 0;
}

/** Makes sure of a run for a route, or refuses. Undefined: it is not known to be any run. */
type Recognise = (context: ApiContext, token: string) => Promise<Run | null> | Run | null;

export function createGates({ town, env, operatorToken, limiter, problems }: Parts): Gates {
  const runs = new Runs(town);

  const limited = (context: ApiContext, key: string): Response | null => {
    const retryAfterMs = limiter.take(key, env.clock.now());
    if (retryAfterMs === 0) return null;
    return problems.answer(context, {
      code: 'rate_limited',
      detail: 'too many requests: wait, then go on',
      retryAfterMs,
    });
  };

  const gate = (recognise: Recognise): ApiMiddleware => {
    return async (context, next) => {
      const isOperator = isSameText(bearerOf(context), operatorToken);
      const run = isOperator ? null : await recognise(context, bearerOf(context));
      const principal = isOperator ? 'operator' : run && `agent/${run.agent}#${run.epoch}`;
      const refused = limited(context, isOperator ? 'operator' : run ? `agent/${run.agent}` : 'anonymous');
      if (refused) return refused;
      if (principal === null) throw stranger(runs, bearerOf(context));
      context.set('principal', principal);
      return next();
    };
  };
  const runner: ApiMiddleware = async (context, next) => {
    const id = context.req.param('id') ?? '';
    const token = bearerOf(context);
    const isOwn = town.isRunner(id, token);
    const refused = limited(context, isOwn ? `runner/${id}` : 'anonymous');
    if (refused) return refused;
    if (!isOwn) throw noRunner(runs, id, { token, operatorToken });
    context.set('principal', `runner/${id}`);
    return next();
  };
  const anyone: ApiMiddleware = async (context, next) => limited(context, 'anonymous') ?? next();
  return {
    anyone: { middleware: anyone, security: [] },
    operator: { middleware: gate(() => null), security: ['operator'] },
    ownAgent: { middleware: gate(ownAgent(town, runs)), security: ['operator', 'run'] },
    ownReport: { middleware: gate(ownReport(town, runs)), security: ['operator', 'run'] },
    ownRun: { middleware: gate(ownRun(town, runs)), security: ['run'] },
    ownBead: { middleware: gate(ownBead(town, runs)), security: ['operator', 'run'] },
    ownRunner: { middleware: runner, security: ['runner'] },
  };
}

function stranger(runs: Runs, token: string): Refused {
  const run = runs.find(token);
  if (run === null) return new Refused('unauthorized', 'the token is not known here');
  return new Refused('forbidden', 'the token of a run opens its own reports, its own agent and its own bead only');
}

function noRunner(runs: Runs, id: string, { token, operatorToken }: { token: string; operatorToken: string }): Refused {
  const isKnown = isSameText(token, operatorToken) || runs.find(token) !== null;
  const remedy = `\`yardmaster runner-token ${id}\` prints it, beside the town`;
  if (isKnown) return new Refused('forbidden', `runner ${id} speaks with its own token: ${remedy}`);
  return new Refused('unauthorized', `the token is not that of runner ${id} of this town: ${remedy}`);
}

function ownAgent(town: Town, runs: Runs): Recognise {
  return (context, token) => {
    const agent = context.req.param('id') ?? '';
    const epoch = epochOf(town.get({ machine: 'agent', id: agent }));
    return runs.matching(token, [{ agent, epoch }]);
  };
}

function ownReport(town: Town, runs: Runs): Recognise {
  return async (context, token) => {
    const agent = context.req.param('id') ?? '';
    const claimed = await claimedEpoch(context);
    const said = runs.matching(token, [{ agent, epoch: claimed }]);
    if (said) return said;
    const run = runs.matching(token, runs.pastOf(agent));
    if (run === null) return null;
    const current = epochOf(town.get({ machine: 'agent', id: agent }));
    if (run.epoch === current) {
      throw new Refused(
        'forbidden',
        `the token is of epoch ${run.epoch}, the report is of epoch ${claimed}: send your own`,
      );
    }
    throw replaced(run, current);
  };
}

function ownRun(town: Town, runs: Runs): Recognise {
  return (context, token) => {
    const agent = context.req.param('id') ?? '';
    const epoch = epochOf(town.get({ machine: 'agent', id: agent }));
    const run = runs.matching(token, runs.pastOf(agent));
    if (run !== null && run.epoch !== epoch) throw replaced(run, epoch);
    return run;
  };
}

function replaced({ agent, epoch }: Run, current: number): Refused {
  const message = `agent ${agent} is at epoch ${current}, the token is of epoch ${epoch}`;
  return new Refused('stale_epoch', `${message}: that run was replaced and should end`, { epoch: current });
}

function ownBead(town: Town, runs: Runs): Recognise {
  return (context, token) => {
    const bead = town.get({ machine: 'bead', id: context.req.param('id') ?? '' });
    const agent = bead?.context.agent;
    return typeof agent === 'string' ? runs.matching(token, [{ agent, epoch: epochOf(bead) }]) : null;
  };
}
