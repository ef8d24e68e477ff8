/** Cuts a stream of text into lines. A line that never ends is let go of, so that no runtime can fill the memory. */

/** Characters of one line; runtimes put whole files into one. */
const lengthMax = 16 * 1024 * 1024;

export type LineCutter = { push(text: string): void; end(): void };

export function createLineCutter(onLine: (line: string) => void): LineCutter {
  let waiting = '';
  let tooLong = false;
  const hand = (line: string) => {
    if (!tooLong && line !== '') onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    tooLong = false;
  };
  return {
    push(text) {
      const lines = (waiting + text).split('\n');
      waiting = lines.pop() ?? '';
      for (const line of lines) hand(line);
      if (waiting.length <= lengthMax) return;
      tooLong = true;
      waiting = '';
    },
    end() {
      hand(waiting);
      waiting = '';
    },
  };
}
