/**
 * What may happen next: every timer, answer, report, wish and proposal that an entity in this state could meet.
 */
import type { AgentContext } from '../../machines/agent.ts';
import type { ContainerContext } from '../../machines/container.ts';
import type { Policy } from '../../machines/policy.ts';
import type { EngineEvent, JsonObject } from '../core/types.ts';
import { type EventId, effectOf, type Local, type LocalId, type Locals, type Stepped } from './locals.ts';
import { effectsOf, outcomesOf, reports, sightings, wishes } from './messages.ts';
import { NEW_EPOCH } from './renaming.ts';
import { agentId, containersOf, type Scene } from './scene.ts';

/** Where an event comes from. */
export type Kind = 'timer' | 'answer' | 'report' | 'late' | 'proposal' | 'healing' | 'sighting' | 'wish';

export type Move = {
  readonly column: number;
  readonly kind: Kind;
  /** The entity once the timer has fired, the effect was answered. */
  readonly base: LocalId;
  readonly event: EventId;
  /** The timer's name, or the type of the effect. */
  readonly about: string;
  /** It is what a world without faults would do. */
  readonly calm: boolean;
  /** It takes no time: an answer, a proposal of the matcher. */
  readonly instant: boolean;
  /** How matching would name it, when it is a proposal; else null. */
  readonly proposal: string | null;
};

/** That an absent container is wanted. */
export const DEMAND = 'DEMAND';
export const demandName = (container: string) => `${DEMAND} ${container}`;
type Dispatch = { readonly agent: string; readonly container: string; readonly probe: boolean };
/** That the bead of a column is dispatched to an agent in a container, perhaps as the breaker's probe. */
export const proposalName = (column: number, { agent, container, probe }: Dispatch) =>
  `${column} ${agent} ${container} ${probe}`;

type Plain = Omit<Move, 'column' | 'proposal'>;

export class Moves {
  readonly #locals: Locals;
  readonly #policy: Policy;
  readonly #scene: Scene;
  readonly #known = new Map<LocalId, readonly Move[]>();

  constructor(locals: Locals, scene: Scene, policy: Policy) {
    this.#locals = locals;
    this.#policy = policy;
    this.#scene = scene;
  }

  /** What may happen to the entity in that column; its local state is of no other. */
  of(id: LocalId, column: number): readonly Move[] {
    const known = this.#known.get(id);
    if (known) return known;
    const local = this.#locals.get(id);
    const moves = [...this.#timers(id, local), ...this.#answers(id, local), ...this.#messages(id, local)];
    const possible = moves
      .filter((move) => this.#matters(id, move))
      .map((move) => ({ ...move, column, proposal: this.#proposal(move, column, local.id) }));
    this.#known.set(id, possible);
    return possible;
  }

  /** Somebody takes it, and it is not for nothing. */
  #matters(id: LocalId, { base, event }: Plain): boolean {
    if (base !== id) return true;
    const isNothing = (stepped: Stepped) =>
      stepped.next === id && stepped.sends.length === 0 && stepped.marks === 0 && stepped.flaw === null;
    return this.#locals.step(id, event).some((stepped) => stepped !== null && !isNothing(stepped));
  }

  #proposal({ kind, event }: Plain, column: number, id: string): string | null {
    if (kind !== 'proposal') return null;
    const said = this.#locals.events[event] as EngineEvent;
    return said.type === DEMAND ? demandName(id) : proposalName(column, said as unknown as Dispatch);
  }

  #timers(id: LocalId, { timers }: Local): Plain[] {
    return timers.flatMap((timer): Plain[] => {
      const spec = this.#locals.timers.get(timer);
      if (!spec) return [];
      const event = this.#locals.eventId(spec.event);
      const base = this.#locals.without(id, { timer });
      // The longest time that a run may take is no way out of a doubt.
      return [{ kind: 'timer', base, event, about: spec.name, calm: spec.name !== 'maxRun', instant: false }];
    });
  }

  #answers(id: LocalId, { pending, context }: Local): Plain[] {
    return pending.flatMap((key) => {
      const type = effectOf(key);
      const base = this.#locals.without(id, { effect: key });
      return outcomesOf(type, paramsOf(context)).map((event, index) => ({
        ...{ kind: 'answer' as const, base, event: this.#locals.eventId(event), about: type },
        ...{ calm: index === 0, instant: true },
      }));
    });
  }

  #messages(id: LocalId, local: Local): Plain[] {
    const { context, machine, state } = local;
    const said = (kind: Kind, events: readonly EngineEvent[], calm: (event: EngineEvent) => boolean = () => false) =>
      events.map((event) => ({
        ...{ kind, base: id, event: this.#locals.eventId(event), about: event.type, calm: calm(event) },
        instant: kind === 'proposal',
      }));
    const scene = this.#scene;
    const moves: Plain[] = scene.operator ? said('wish', wishes[machine] ?? []) : [];
    if (scene.ghosts) {
      const late = (effectsOf[machine] ?? []).flatMap((type) => outcomesOf(type, paramsOf(context)));
      moves.push(...said('late', late));
    }
    if (machine === 'agent') {
      // Who has fallen silent stays so: its agent has to get out of that by itself.
      const calm = state === 'working.starting' ? 'HEARTBEAT' : state.startsWith('working.running') ? 'DONE' : null;
      const spoken = this.#reports(context as unknown as AgentContext);
      moves.push(...said('report', spoken, ({ type }) => type === calm));
    }
    if (machine === 'container') {
      moves.push(...said('proposal', [{ type: DEMAND }], () => true));
      moves.push(...said('sighting', sightings(context as unknown as ContainerContext)));
    }
    if (machine === 'bead') {
      moves.push(...said('proposal', this.#dispatches(local), () => true), ...said('healing', HEALING));
      // Its rig wakes it by an effect, which is not told of here.
      if (state === 'open.blockedConfig') moves.push(...said('healing', [WOKEN], () => true));
    }
    return moves;
  }

  #reports(context: AgentContext): readonly EngineEvent[] {
    const all = reports(context, this.#policy);
    return this.#scene.moods ? all : all.filter(({ type, active }) => type !== 'FAILED' && active !== true);
  }

  /**
   * What matching proposes, and what it has proposed before things changed: with whatever it thought of the breaker.
   */
  #dispatches({ state, context }: Local): readonly EngineEvent[] {
    const all = Array.from({ length: this.#scene.agents }, (_, place) => agentId(place));
    const agents = state === 'in_progress.retryDue' ? all.filter((id) => id === context.agent) : all;
    const needs = [...this.#scene.needs];
    return agents.flatMap((agent) =>
      containersOf(this.#scene).flatMap((container) =>
        [false, true].map((probe) => ({ type: 'DISPATCH', agent, epoch: NEW_EPOCH, probe, container, needs })),
      ),
    );
  }
}

const HEALING = ['CONTAINER_RENEWED', 'BREAKER_CLOSED'].map((type) => ({ type }));

const WOKEN: EngineEvent = { type: 'CONFIG_CHANGED' };

/** What the outcomes of an entity's own effects are about. */
function paramsOf(context: JsonObject): JsonObject {
  const { id, agent, bead, epoch, container } = context;
  if ('hook' in context) return { agent: id, bead: bead ?? '', epoch, container };
  if ('waitingFor' in context) return { agent: agent ?? '', bead: id, rig: 'r', epoch, branch: '', head: null };
  if ('looks' in context) return { rig: id, container: '' };
  return { container: id };
}
