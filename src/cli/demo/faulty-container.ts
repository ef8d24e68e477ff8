/**
 * A container whose starts go wrong once for some beads, around one that works. What goes wrong passes the same place
 * where every answer of a start is interpreted, so the charts see what they would see of a real container.
 */
import { toStartOutcome } from '../../agents/outcome.ts';
import type { Container, RunSpec, StartOutcome } from '../../agents/port.ts';
import type { Clock } from '../../env/env.ts';

/** `late`: the process starts after its start has timed out, and the answer comes later still. */
export type StartFault = 'refused' | 'false' | 'late';

export type FaultyOptions = {
  readonly inner: Container;
  readonly clock: Clock;
  /** By bead; each happens once. */
  readonly faults: Readonly<Record<string, StartFault>>;
  /** How long a late start takes to begin, and then to answer. */
  readonly lateMs: number;
  readonly answerMs: number;
};

const refusal = { started: false, reason: 'the container has no room left' };

export function createFaultyContainer({ inner, clock, faults, lateMs, answerMs }: FaultyOptions): Container {
  const left = new Map(Object.entries(faults));
  const begun = new Set<string>();
  const pause = (ms: number) => new Promise<void>((resolve) => clock.at(clock.now() + ms, resolve));

  const startLate = async (run: RunSpec): Promise<StartOutcome> => {
    begun.add(run.agent);
    await pause(lateMs);
    // The caller has given up waiting, so its signal must not call the start off.
    const outcome = await inner.start(run, new AbortController().signal);
    begun.delete(run.agent);
    await pause(answerMs);
    return outcome;
  };

  return {
    id: inner.id,
    start: (run, signal) => {
      const fault = left.get(run.bead);
      left.delete(run.bead);
      if (fault === 'refused') return toStartOutcome(async () => refusal, signal);
      if (fault === 'false') return toStartOutcome(async () => false, signal);
      return fault === 'late' ? toStartOutcome(() => startLate(run), signal) : inner.start(run, signal);
    },
    // Whoever is asked while a start is under way does not know.
    probe: async (run) => (begun.has(run.agent) ? 'unknown' : inner.probe(run)),
    stop: (run) => inner.stop(run),
    list: () => inner.list(),
    health: () => inner.health(),
    provision: () => inner.provision(),
    finish: (run) => inner.finish(run),
    onReport: (listener) => inner.onReport(listener),
    readOutput: (run, range) => inner.readOutput(run, range),
    close: (runs) => inner.close(runs),
  };
}
