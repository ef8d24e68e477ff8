/**
 * The client of the inspector's API: typed questions, commands with idempotency keys, problems as one kind of error.
 */
import type { ProblemView } from '../contract.ts';
import type {
  BulkAnswer,
  BulkPreview,
  BulkRetryAnswer,
  PreviewView,
  SendAnswer,
  SendBody,
} from '../contract-commands.ts';
import { type ApiPath, paths, referencePath } from './paths.ts';

/** What went wrong, where, and what to do, as the server said it; status 0 when it could not be asked. */
export class Problem extends Error {
  readonly view: ProblemView;
  constructor(view: ProblemView) {
    super(view.detail);
    this.view = view;
  }
}

export const unreachable: ProblemView = {
  title: 'The server does not answer',
  detail: 'The inspector asks again by itself. If this stays, see whether the server still runs.',
  status: 0,
  code: 'unreachable',
};

export type Fetch = (address: string, init?: RequestInit) => Promise<Response>;

export type Api = {
  /** Throws {@link Problem}. */
  get<T>(path: ApiPath<T>, signal?: AbortSignal): Promise<T>;
  /** The address of a path, for links to files and for the stream. */
  address(path: string): string;
  preview(reference: string, body: SendBody): Promise<PreviewView>;
  send(reference: string, body: SendBody): Promise<SendAnswer>;
  previewMany(machine: string, references: readonly string[], body: SendBody): Promise<BulkPreview>;
  sendMany(machine: string, references: readonly string[], body: SendBody): Promise<BulkAnswer>;
  fireTimer(body: { ref: string; id: string; reason: string }): Promise<SendAnswer>;
  retryEffect(body: { key: string; reason: string }): Promise<SendAnswer>;
  retryEffects(body: { type: string; note: string; reason: string }): Promise<BulkRetryAnswer>;
};

/** `fetch` and `newKey` are given, so that tests and the server can do without a network and without chance. */
export function createApi(base: string, fetch: Fetch, newKey: () => string): Api {
  const address = (path: string) => `${base}api/${path}`;
  const ask = async <T>(path: string, init: RequestInit): Promise<T> => {
    const response = await fetch(address(path), { ...init, credentials: 'same-origin' }).catch((thrown: unknown) => {
      if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown;
      throw new Problem(unreachable);
    });
    if (!response.ok) throw new Problem(await problemOf(response));
    return (await response.json()) as T;
  };
  const post = <T>(path: string, body: object): Promise<T> =>
    ask<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': newKey() },
      body: JSON.stringify(body),
    });
  const entity = (reference: string) => `entities/${referencePath(reference)}`;
  return {
    get: (path, signal) => ask(path, signal ? { signal } : {}),
    address,
    preview: (reference, body) => post(`${entity(reference)}/preview`, body),
    send: (reference, body) => post(`${entity(reference)}/events`, body),
    previewMany: (machine, refs, body) => post(`${paths.machine(machine)}/preview`, { refs, ...body }),
    sendMany: (machine, refs, body) => post(`${paths.machine(machine)}/events`, { refs, ...body }),
    fireTimer: (body) => post('timers/fire', body),
    retryEffect: (body) => post('outbox/retry', body),
    retryEffects: (body) => post('outbox/retry-all', body),
  };
}

async function problemOf(response: Response): Promise<ProblemView> {
  const told = (await response.json().catch(() => null)) as Partial<ProblemView> | null;
  return {
    title: told?.title ?? (response.statusText || 'The server refused'),
    detail: told?.detail ?? `The server answered with status ${response.status}.`,
    status: response.status,
    code: told?.code ?? `http_${response.status}`,
  };
}

/** Any thrown thing as a problem that can be shown. */
export function asProblem(thrown: unknown): ProblemView {
  if (thrown instanceof Problem) return thrown.view;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return { title: 'This page failed', detail, status: 0, code: 'page' };
}
