/**
 * The port to an agent runtime: what starts one, gives it its work, watches it, and says in the words of the charts
 * what came of it. One folder for each runtime implements it; `docs/RUNTIMES.md` has the table of what maps to what.
 *
 * Invariants
 * - D1 `run` and `probe` never reject: every failure is a value with a reason and what to do about it.
 * - D2 "not busy" is never "done": a turn is judged by its message, the work by a report or by evidence in git.
 * - D3 exactly one `ended` comes, and nothing after it.
 * - D4 nothing waits without a bound: starts, probes, silence, aborts and closings have a deadline each.
 * - D5 secret values are in memory and in the environment of the runtime; never in arguments, events or reasons.
 */
import type { DriverHost } from './host.ts';
import type { DriverName, Ended, Profile, Readiness, RunRequest } from './port.ts';

export interface Driver {
  readonly name: DriverName;
  /** Whether a run with this profile could begin. Costs at most one token at the gateway. */
  probe(profile: Profile, host: DriverHost): Promise<Readiness>;
  /** One attempt at the work. The host ends what is left of its processes when this has resolved. */
  run(request: RunRequest, host: DriverHost, signal: AbortSignal): Promise<Ended>;
}
