/** The last lines of a run's output, for those who ask why it ended. */

/** Characters that are kept. */
const lengthMax = 4096;

export type Tail = { add(text: string): void; text(): string };

export function createTail(): Tail {
  let kept = '';
  return {
    add(text) {
      kept = (kept + (text.endsWith('\n') ? text : `${text}\n`)).slice(-lengthMax);
    },
    text: () => kept.trimEnd(),
  };
}
