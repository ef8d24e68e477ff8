/**
 * The server's event stream, followed through every break. A stream that drops says nothing about the work: it is
 * opened again, and the listener is told to ask for the true state, because what happened meanwhile is not sent again.
 */
import { pause } from '../deadline.ts';
import type { DriverHost } from '../host.ts';
import { parseObject, textAt } from '../json.ts';
import { createLineCutter } from '../lines.ts';
import type { ServeClient } from './client.ts';

/** Heartbeats come every 10 s; a stream without any is dead although nobody closed it. */
const quietMs = 35_000;
/** Breaks in a row after which the server is taken to be gone; together about 20 s. */
const breaksMax = 7;

export type FeedListener = {
  event(event: object): void;
  /** The stream is there again after a break. */
  reopened(): void;
  gone(): void;
};

export type Feed = { readonly opened: Promise<void>; close(): void };

export function openFeed(host: DriverHost, client: ServeClient, listener: FeedListener): Feed {
  const closed = new AbortController();
  let first = true;
  let breaks = 0;
  let tellOpened = () => {};
  const opened = new Promise<void>((resolve) => {
    tellOpened = resolve;
  });
  const hear = (event: object) => {
    if (closed.signal.aborted) return;
    breaks = 0;
    if (textAt(event, 'type') !== 'server.connected') return listener.event(event);
    if (!first) listener.reopened();
    first = false;
    tellOpened();
  };
  const follow = async () => {
    while (!closed.signal.aborted) {
      await readOnce({ host, client, closed: closed.signal }, hear).catch(() => {});
      if (closed.signal.aborted) return;
      breaks += 1;
      if (breaks >= breaksMax) return listener.gone();
      await pause(host, Math.min(250 * 2 ** breaks, 5_000), closed.signal);
    }
  };
  void follow();
  return { opened, close: () => closed.abort() };
}

type Place = { readonly host: DriverHost; readonly client: ServeClient; readonly closed: AbortSignal };

/** Reads one stream until it ends, breaks, or falls silent. */
async function readOnce({ host, client, closed }: Place, hear: (event: object) => void): Promise<void> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  closed.addEventListener('abort', stop, { once: true });
  let cancel = host.after(quietMs, stop);
  try {
    const response = await client.events(abort.signal);
    const reader = response.body?.getReader();
    if (reader === undefined || response.status !== 200) return;
    const decoder = new TextDecoder();
    const cutter = createLineCutter((line) => {
      const event = line.startsWith('data:') ? parseObject(line.slice(5)) : null;
      if (event !== null) hear(event);
    });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      cancel();
      cancel = host.after(quietMs, stop);
      cutter.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    cancel();
    closed.removeEventListener('abort', stop);
    abort.abort();
  }
}
