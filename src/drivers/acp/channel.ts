/** The two directions of a process as the streams that the protocol's library wants: one message, one line. */
import type { AnyMessage, Stream } from '@agentclientprotocol/sdk';
import type { DriverProcess } from '../host.ts';
import { parseObject } from '../json.ts';
import type { Watch } from '../watch.ts';

/** What is no message is a note of the agent's: kept, but no sign of life. */
export function channelOf(process: DriverProcess, watch: Watch): Stream {
  const readable = new ReadableStream<AnyMessage>({
    start(controller) {
      let open = true;
      process.onLine((line, from) => {
        const message = from === 'output' ? parseObject(line) : null;
        if (message === null) watch.note(line);
        else if (open) controller.enqueue(message as AnyMessage);
      });
      process.ended.then(() => {
        open = false;
        controller.close();
      });
    },
  });
  const writable = new WritableStream<AnyMessage>({
    write: (message) => process.write(`${JSON.stringify(message)}\n`),
  });
  return { readable, writable };
}
