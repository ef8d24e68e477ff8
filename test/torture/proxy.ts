/**
 * A slow line that breaks: bytes pass in small pieces with pauses, and every so many answers are cut in their middle,
 * after the town has done what was asked.
 */
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export type Line = {
  readonly url: string;
  /** Where the bytes go; connections before that are closed at once. */
  lead(townUrl: string): void;
  /** Answers that were cut. */
  cuts(): number;
  close(): Promise<void>;
};

export type LineOptions = { readonly pieceBytes: number; readonly pauseMs: number; readonly cutEvery: number };

export async function createLine({ pieceBytes, pauseMs, cutEvery }: LineOptions): Promise<Line> {
  const open = new Set<Socket>();
  let target: { host: string; port: number } | null = null;
  let [answers, cuts] = [0, 0];
  const server = createServer((near) => {
    if (!target) {
      near.destroy();
      return;
    }
    const far = connect(target);
    const both = [near, far];
    const hangUp = () => {
      for (const socket of both) socket.destroy();
    };
    for (const socket of both) {
      open.add(socket);
      socket.on('error', hangUp).on('close', () => {
        open.delete(socket);
        hangUp();
      });
    }
    const here = `127.0.0.1:${(server.address() as { port: number }).port}`;
    const there = `${target.host}:${target.port}`;
    // The town answers to its own name only.
    pass(near, far, (bytes) => Buffer.from(bytes.toString('latin1').replaceAll(here, there), 'latin1'));
    pass(far, near, (bytes) => {
      if (!bytes.toString('latin1').startsWith('HTTP/1.1')) return bytes;
      answers += 1;
      if (answers % cutEvery !== 0) return bytes;
      cuts += 1;
      return null;
    });
  });

  /** `change` gives what to pass on; null: half of it, and then the line is dead. */
  function pass(from: Socket, to: Socket, change: (bytes: Buffer) => Buffer | null): void {
    let last = Promise.resolve();
    from.on('data', (bytes) => {
      const passed = change(bytes);
      const text = passed ?? bytes.subarray(0, bytes.length >> 1);
      last = last.then(async () => {
        for (let at = 0; at < text.length; at += pieceBytes) {
          if (!to.destroyed) to.write(text.subarray(at, at + pieceBytes));
          await pause(pauseMs);
        }
        if (passed === null) to.destroy();
      });
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    lead: (townUrl) => {
      const { hostname, port } = new URL(townUrl);
      target = { host: hostname, port: Number(port) };
    },
    cuts: () => cuts,
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}
