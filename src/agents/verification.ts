/**
 * Runs the tests of a repository on a merge result: no shell, bounded in time, its output masked, and nothing left
 * running.
 */
import { Retryable } from '../core/errors.ts';
import type { Env } from '../env/env.ts';
import { killAll, startChild } from './child.ts';
import { findProgram } from './command.ts';
import type { Boxed } from './isolation.ts';

export type VerificationOrder = {
  readonly argv: readonly string[];
  readonly directory: string;
  /** With `YARDMASTER_RUN`, by which what it starts is found. */
  readonly environment: Readonly<Record<string, string>>;
  readonly secretValues: readonly string[];
  readonly timeoutMs: number;
  /** Puts the command into a box. */
  box(argv: readonly string[]): Promise<Boxed>;
};

export type Verification =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly code: number | null; readonly tail: string };

const tailBytesMax = 4_096;

/**
 * Passed means: it ended by itself with code 0.
 * @throws Refused `not_found` when there is no such program; Retryable when the signal aborted.
 */
export async function verify(env: Env, order: VerificationOrder, signal: AbortSignal): Promise<Verification> {
  const [name = '', ...rest] = order.argv;
  const { directory, environment, secretValues, timeoutMs } = order;
  const program = await findProgram(name, { path: environment.PATH, directory });
  const boxed = await order.box([program, ...rest]);
  let output = '';
  const child = await startChild({ ...boxed, directory, environment, inputFile: null, secretValues }, (text) => {
    output = endOf(output + text);
  });
  const run = { marker: environment.YARDMASTER_RUN ?? '', leader: child.identity };
  let stopped: string | null = null;
  const stop = (reason: string) => {
    stopped ??= reason;
    void killAll(run);
  };
  const alarm = env.clock.at(env.clock.now() + timeoutMs, () => stop(`the tests did not end within ${timeoutMs} ms`));
  const abort = () => stop('the merge was called off');
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const { code, signal: endedBy } = await child.ended;
    if (signal.aborted) throw new Retryable('the merge was called off while its tests ran', 0);
    if (code === 0 && stopped === null) return { kind: 'passed' };
    const remark = stopped ?? (endedBy === null ? null : `the tests were ended by ${endedBy}`);
    const tail = remark === null ? output : endOf(`${output}\n[${remark}]`);
    return { kind: 'failed', code: stopped === null ? code : null, tail };
  } finally {
    alarm.cancel();
    signal.removeEventListener('abort', abort);
  }
}

/** The last bytes of a text, without a character cut in two. */
function endOf(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= tailBytesMax) return text;
  let start = bytes.length - tailBytesMax;
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start).toString('utf8');
}
