/** Types of an engine's calls, inferred from the machines that it was made with. */
import type { Definition } from '../core/define.ts';
import type { EngineEvent, JsonObject, JsonValue } from '../core/types.ts';

/** Any XState machine. */
export type AnyMachine = Definition['machine'];

/** Machines by their ids: as XState made them, or defined with options. */
export type MachineRecord = Readonly<Record<string, AnyMachine | Definition>>;

type MachineOf<T> = T extends Definition<infer TMachine> ? TMachine : T;
type Instance<T> = MachineOf<T> extends AnyMachine ? MachineOf<T> : AnyMachine;
type EventIn<T> = Parameters<Instance<T>['transition']>[1];

/** What `create` takes as input; JSON where the machine does not say. */
export type InputOf<T> = unknown extends Parameters<Instance<T>['getInitialSnapshot']>[1]
  ? JsonValue
  : Parameters<Instance<T>['getInitialSnapshot']>[1];

/** What `send` takes. */
export type EventOf<T> = unknown extends EventIn<T> ? EngineEvent : EventIn<T>;

/** What `get` shows as context. */
export type ContextOf<T> = ReturnType<Instance<T>['transition']>['context'] extends infer TContext
  ? unknown extends TContext
    ? JsonObject
    : TContext
  : JsonObject;
