/** A client that costs little: raw sockets that are kept open, one request at a time on each. */
import { connect, type Socket } from 'node:net';
import { quantile } from './figures.ts';

export type Load = {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** The text of the n-th request. */
  readonly request: (n: number) => string;
};

export type LoadFigures = {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** How often each status was answered. */
  readonly statuses: ReadonlyMap<number, number>;
};

const HEAD_END = '\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';

/** Asks on all connections as fast as answers come. Milliseconds. */
export async function runLoad({ url, connections, seconds, request }: Load): Promise<LoadFigures> {
  const waits: number[] = [];
  const statuses = new Map<number, number>();
  let asked = 0;
  const ask = async (socket: Socket) => {
    asked += 1;
    return exchange(socket, request(asked));
  };
  const sockets = await Promise.all(Array.from({ length: connections }, () => connected(new URL(url))));
  // A busy server accepts one connection in each turn of its loop: all are accepted before the clock runs.
  for (const socket of sockets) await ask(socket);
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  const one = async (socket: Socket) => {
    while (performance.now() < end) {
      const sentAt = performance.now();
      const status = await ask(socket);
      waits.push(performance.now() - sentAt);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    socket.destroy();
  };
  await Promise.all(sockets.map(one));
  const perSecond = waits.length / ((performance.now() - begin) / 1_000);
  return { perSecond, p50: quantile(waits, 0.5), p99: quantile(waits, 0.99), statuses };
}

function connected({ hostname, port }: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    socket.setEncoding('latin1');
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

/** Resolves with the status when the whole answer is there. */
function exchange(socket: Socket, request: string): Promise<number> {
  return new Promise((resolve) => {
    let answer = '';
    const onData = (piece: string) => {
      answer += piece;
      if (!isWhole(answer)) return;
      socket.off('data', onData);
      resolve(Number(answer.slice('HTTP/1.1 '.length, 'HTTP/1.1 '.length + 3)));
    };
    socket.on('data', onData);
    socket.write(request);
  });
}

function isWhole(answer: string): boolean {
  const head = answer.indexOf(HEAD_END);
  if (head < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, head + 2))?.[1];
  if (length === undefined) return answer.endsWith(LAST_CHUNK);
  return answer.length >= head + HEAD_END.length + Number(length);
}
