/**
 * A process that opens a filled database and dispatches once; it prints how long that took and what memory it holds.
 */
import { openBench } from './lifecycle.ts';

const file = process.argv[2] ?? '';
const begin = performance.now();
const { engine, close } = await openBench(file);
const [first] = engine.reads.queue({ machine: 'item', state: 'open', limit: 1 });
await engine.deliver({
  to: { machine: 'worker', id: 'w0' },
  event: { type: 'START', item: first?.id ?? '' },
  by: 'bench',
});
const dispatchMs = performance.now() - begin;
const fromExecMs = performance.now();
await engine.deliver({ to: { machine: 'worker', id: 'w0' }, event: { type: 'EXIT' }, by: 'bench' });
await engine.deliver({ to: { machine: 'worker', id: 'w0' }, event: { type: 'RESET' }, by: 'bench' });
await engine.idle();
const rssMb = process.memoryUsage().rss / 1_048_576;
await close();
process.stdout.write(`${JSON.stringify({ dispatchMs, fromExecMs, rssMb })}\n`);
