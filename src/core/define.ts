/**
 * Turns an XState machine into a definition that can be made durable, or refuses it with what to change.
 */
import type { AnyStateMachine, ContextFrom } from 'xstate';
import { Refused } from './errors.ts';
import { findNonJson, fingerprint, stableText } from './json.ts';
import { checkMachine } from './rules.ts';
import { type Survey, surveyMachine } from './survey.ts';
import type { EngineEvent, Index, JsonValue } from './types.ts';
import { copyMachine, Stepper } from './xstate.ts';

/** Microsteps (`always`, raised events) that one event may cause; a lower `maxIterations` of the machine stands. */
export const microstepsMax = 1000;

export type DefineOptions<TContext = unknown> = {
  /** Fraction by delay name: `{ backoff: 0.2 }` is ± 20 %. */
  readonly jitter?: Readonly<Record<string, number>>;
  /** Names of delays whose timers watch for life: granted anew after a restart or a clock jump. */
  readonly liveness?: readonly string[];
  /** Findability, computed again when the context changed. */
  readonly index?: (context: TContext) => Index;
  /** A sentence when the event is of an old epoch: it is refused as `stale_epoch`. Null lets it in. */
  readonly fence?: (context: TContext, event: EngineEvent) => string | null;
  /** The input with which a send to an unknown id gives birth to it. Absent: such a send is refused. */
  readonly autoCreate?: (id: string) => JsonValue;
  /** Fields of the context that were added later: stored snapshots of before have them with these values. */
  readonly defaults?: Partial<TContext>;
  /** What the machine's factory closed over (its policy): part of the hash. */
  readonly settings?: JsonValue;
  /** Pure lease extensions are logged at most once in this many milliseconds; 60,000 when absent. */
  readonly sampleMs?: number;
};

export type Definition<TMachine extends AnyStateMachine = AnyStateMachine> = {
  readonly name: string;
  /** 16 hexadecimal digits of structure and settings: another number means another behaviour. */
  readonly hash: string;
  readonly settings: JsonValue;
  readonly options: DefineOptions;
  /** The machine as its author made it, untouched. */
  readonly machine: TMachine;
  /** For `src/core` alone. */
  readonly survey: Survey;
  /** For `src/core` alone. */
  readonly stepper: Stepper;
};

/**
 * A definition of the machine under the machine's id.
 *
 * Allowed are named custom actions (they become effects), `assign`, `raise`, `cancel`, `enqueueActions`, `emit` and
 * `log` (the last two do nothing), guards, `always`, `after`, parallel and history states, and invoked promises.
 * @throws Refused `invalid`, with the machine, the state and the remedy, for all that can not survive a restart.
 */
export function define<TMachine extends AnyStateMachine>(
  machine: TMachine,
  options: DefineOptions<ContextFrom<TMachine>> = {},
): Definition<TMachine> {
  const copy = copyMachine(machine, microstepsMax);
  checkMachine(copy);
  const survey = surveyMachine(copy);
  checkOptions(machine.id, survey, options);
  const settings = options.settings ?? null;
  return {
    name: machine.id,
    hash: fingerprint(stableText([structureOf(survey), settings])),
    settings,
    options: options as DefineOptions,
    machine,
    survey,
    stepper: new Stepper(copy, survey),
  };
}

function checkOptions(name: string, survey: Survey, options: DefineOptions<never>): void {
  const lost = findNonJson(options.settings ?? null, 'settings');
  if (lost !== null) throw new Refused('invalid', `machine '${name}': ${lost}; settings must be plain JSON`);
  for (const delay of [...Object.keys(options.jitter ?? {}), ...(options.liveness ?? [])]) {
    if (survey.delays.has(delay)) continue;
    const known = [...survey.delays].join(', ') || 'none';
    throw new Refused(
      'invalid',
      `machine '${name}' has no delay '${delay}' that jitter or liveness name; it has: ${known}`,
    );
  }
  for (const [delay, fraction] of Object.entries(options.jitter ?? {})) {
    if (fraction >= 0 && fraction < 1) continue;
    const message = `machine '${name}': the jitter of '${delay}' is ${fraction}; use a fraction from 0 to below 1`;
    throw new Refused('invalid', message);
  }
}

/** What decides how events are taken. Descriptions and tags are left out: they may change at will. */
function structureOf(survey: Survey): JsonValue {
  const nodes = survey.chart.nodes.map(({ description: _description, tags: _tags, ...node }) => node);
  return { machine: survey.chart.machine, nodes, edges: survey.chart.edges } as unknown as JsonValue;
}
