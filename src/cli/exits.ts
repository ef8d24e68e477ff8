/** The exit codes of the command line, and which failure gives which. */
import { CommanderError } from 'commander';
import { type RefusalCode, Refused, Retryable } from '../core/errors.ts';

export const exits = {
  done: 0,
  unfinished: 1,
  usage: 2,
  noTown: 3,
  refused: 4,
  busy: 5,
  interrupted: 130,
} as const;

/** For `--help` and docs/CLI.md. */
export const exitTable = `Exit codes:
  0    done
  1    not all beads are closed, verify found problems, or something failed that should not
  2    wrong usage or bad input; nothing was changed
  3    no town there, or it can not be reached
  4    the town refuses it in its present state
  5    another process has the town open
  130  interrupted`;

const byCode: Readonly<Partial<Record<RefusalCode, number>>> = {
  invalid: exits.usage,
  reserved_event: exits.usage,
  idempotency_mismatch: exits.usage,
  too_large: exits.usage,
  unknown_entity: exits.usage,
  not_found: exits.usage,
  unavailable: exits.noTown,
  unauthorized: exits.noTown,
  forbidden: exits.noTown,
  busy: exits.busy,
};

/** The exit code for what a command threw. */
export function exitOf(error: Error): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exits.done : exits.usage;
  if (error instanceof Refused) return byCode[error.code] ?? exits.refused;
  return error instanceof Retryable ? exits.noTown : exits.unfinished;
}
