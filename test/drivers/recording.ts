/** What a recording of a real runtime holds, line by line. Times are ms since its first moment. */
import type { ProcessEnd, WorkState } from '../../src/drivers/host.ts';

export type Moment = { readonly at: number } & Sight;

/** What was seen. Lines, bodies and events are JSON where they were JSON, without what no driver reads. */
export type Sight =
  | { readonly kind: 'spawn'; readonly process: number }
  | { readonly kind: 'line'; readonly process: number; readonly from: 'output' | 'error'; readonly line: unknown }
  /** The driver asked the process to end. */
  | { readonly kind: 'end'; readonly process: number }
  | { readonly kind: 'exit'; readonly process: number; readonly end: ProcessEnd }
  /** An answer to a call; `prompt` is the id of the message that the call sent, or empty. */
  | {
      readonly kind: 'answer';
      readonly method: string;
      readonly path: string;
      readonly status: number;
      /** JSON, or the text of what is none. */
      readonly body: unknown;
      readonly prompt: string;
    }
  /** A call that nobody took. */
  | { readonly kind: 'refused'; readonly path: string }
  /** What the host answered when it was asked for the state of the work. */
  | { readonly kind: 'work'; readonly state: WorkState }
  /** The driver was asked to stop. */
  | { readonly kind: 'stop' }
  /** One event of the stream. */
  | { readonly kind: 'event'; readonly data: unknown };
