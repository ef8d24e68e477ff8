/**
 * The one place that interprets what a start answered or threw: accepted, refused, or unknown, and never more certain
 * than the facts.
 */
import { Bug, coerceError, type RefusalCode, Refused, Retryable, Terminal } from '../core/errors.ts';
import type { StartOutcome } from './port.ts';

const permanentRefusals: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'invalid',
  'not_found',
  'unauthorized',
  'forbidden',
  'quarantined',
  'too_large',
]);
const permanentStatuses: ReadonlySet<number> = new Set([400, 401, 402, 403, 404, 413, 422]);
const transientStatuses: ReadonlySet<number> = new Set([409, 425, 429]);
/** The program can not be run as it is named; time does not mend that. */
const programIsMissing: ReadonlySet<string> = new Set(['ENOENT', 'EACCES', 'ENOEXEC', 'ENOTDIR', 'EPERM']);
/** Nobody was reached: whatever it was, it did not start. */
const nobodyThere: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * Runs a start and tells how it ended, at the latest when the signal aborts. Never rejects.
 *
 * `accepted` needs a positive answer with an incarnation; `false` and `{ started: false }` are refusals, like a
 * rejection that proves that nothing began; everything else (a deadline, a reset connection, a 5xx, a shape that
 * nobody promised) is `unknown`.
 */
export async function toStartOutcome(call: () => Promise<unknown>, signal: AbortSignal): Promise<StartOutcome> {
  if (signal.aborted) return refused('the start was called off before it began', false);
  let forget = (): void => {};
  const deadline = new Promise<StartOutcome>((resolve) => {
    const abort = () => resolve({ kind: 'unknown', cause: 'the start did not answer before its deadline' });
    signal.addEventListener('abort', abort, { once: true });
    forget = () => signal.removeEventListener('abort', abort);
  });
  try {
    return await Promise.race([attempt(call), deadline]);
  } finally {
    forget();
  }
}

/** Time alone does not mend it. */
export function isPermanent({ code }: Refused): boolean {
  return permanentRefusals.has(code);
}

/**
 * Runs what comes before a start. Whatever is thrown there says that nothing began: a failure that has no meaning of
 * its own (a full disk, a folder that can not be written) becomes one that may work later.
 */
export async function beforeStart<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    if (thrown instanceof Refused || thrown instanceof Retryable || thrown instanceof Terminal) throw thrown;
    const { message } = coerceError(thrown);
    throw new Retryable(`the start could not be prepared: ${message}`, 0, { cause: thrown });
  }
}

async function attempt(call: () => Promise<unknown>): Promise<StartOutcome> {
  try {
    return fromAnswer(await call());
  } catch (thrown) {
    return fromThrown(thrown);
  }
}

function fromAnswer(answer: unknown): StartOutcome {
  if (answer === false) return refused('the container answered false: it did not start', false);
  const fields = fieldsOf(answer);
  if (fields.kind === 'accepted' || fields.started === true) return fromAcceptance(fields);
  if (fields.kind === 'refused') {
    const said = refused(text(fields.reason, 'no reason was given'), fields.permanent === true);
    return fields.scope === 'rig' ? { ...said, scope: 'rig' } : said;
  }
  if (fields.kind === 'unknown') return { kind: 'unknown', cause: text(fields.cause, 'no cause was given') };
  if (fields.started === false)
    return refused(text(fields.reason, 'the container answered that it did not start'), false);
  if (typeof fields.status === 'number') return fromStatus(fields.status, fields);
  return { kind: 'unknown', cause: 'the container gave an answer that is none of the agreed ones' };
}

function fromAcceptance(fields: Readonly<Record<string, unknown>>): StartOutcome {
  const { incarnation, branch, alreadyRunning } = fields;
  if (typeof incarnation !== 'string' || typeof branch !== 'string') {
    return { kind: 'unknown', cause: 'the container accepted without telling its incarnation and the branch' };
  }
  return { kind: 'accepted', incarnation, branch, ...(alreadyRunning === true ? { alreadyRunning: true } : {}) };
}

function fromThrown(thrown: unknown): StartOutcome {
  if (thrown instanceof Refused) return refused(thrown.message, isPermanent(thrown));
  // Ours: thrown only by what comes before the start, so nothing runs.
  if (thrown instanceof Retryable) return refused(thrown.message, false);
  if (thrown instanceof Terminal) return refused(thrown.message, true);
  if (thrown instanceof Bug) return { kind: 'unknown', cause: thrown.message };
  const fields = fieldsOf(thrown);
  const code = codeOf(fields);
  const message = text(fields.message, String(thrown));
  if (typeof fields.syscall === 'string' && fields.syscall.startsWith('spawn')) {
    return outcomeOfSpawn({ program: text(fields.path, 'the agent command'), code, message });
  }
  if (nobodyThere.has(code)) return refused(`the container can not be reached (${code})`, false);
  if (typeof fields.status === 'number') return fromStatus(fields.status, { ...fields, reason: message });
  return { kind: 'unknown', cause: code === '' ? message : `${code}: ${message}` };
}

/** What it means that the system did not start a program: for good when it can not be run as it is named. */
export function outcomeOfSpawn(failure: { program: string; code: string; message: string }): StartOutcome {
  const { program, code, message } = failure;
  if (!programIsMissing.has(code)) return refused(`"${program}" did not start: ${message}`, false);
  return refused(`"${program}" can not be run (${code}): install it, or correct the agent command of the rig`, true);
}

function fromStatus(status: number, fields: Readonly<Record<string, unknown>>): StartOutcome {
  const reason = text(fields.reason, `the container answered with status ${status}`);
  if (permanentStatuses.has(status)) return refused(reason, true);
  if (transientStatuses.has(status) || (status === 503 && fields.started === false)) return refused(reason, false);
  return { kind: 'unknown', cause: reason };
}

/** The system's code of a failure; `fetch` hides it one level down. */
function codeOf(fields: Readonly<Record<string, unknown>>): string {
  if (typeof fields.code === 'string') return fields.code;
  return text(fieldsOf(fields.cause).code, '');
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (value instanceof Error) {
    const own = value as Error & Record<string, unknown>;
    return { ...own, message: value.message, cause: value.cause };
  }
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

function refused(reason: string, permanent: boolean): Extract<StartOutcome, { kind: 'refused' }> {
  return { kind: 'refused', reason, permanent };
}
