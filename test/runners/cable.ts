/** A line between a runner and its town that a test can cut and mend. */
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export type Cable = {
  /** Where the other end is reached through the cable. */
  readonly url: string;
  /** Nothing goes through any more: what is on its way is lost, and new connections are dropped. */
  cut(): void;
  mend(): void;
};

export async function cableTo(url: string): Promise<Cable> {
  const { port: far } = new URL(url);
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return void near.destroy();
    const there = connect({ host: '127.0.0.1', port: Number(far) });
    for (const end of [near, there]) {
      open.add(end);
      end.on('error', () => undefined).on('close', () => open.delete(end));
    }
    near.pipe(there).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    isCut = true;
    for (const end of open) end.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const mend = () => {
    isCut = false;
  };
  return { url: `http://127.0.0.1:${port}`, cut, mend };
}
