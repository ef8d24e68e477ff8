/**
 * The messages of `@xstate/inspect` 0.8, whose machines and states are XState 4's. The package that makes them brings
 * an XState 4 of its own and is loaded when the first viewer asks for it.
 */
import { Refused } from '../../core/errors.ts';
import type { EngineEvent, JsonObject, JsonValue } from '../../core/types.ts';
import type { FeedActor, FeedEvent, FeedListener } from './feed.ts';

/** What the package offers: one session for each viewer. */
export type Xstate4Package = { createSession(outlet: Xstate4Outlet): Xstate4Session };
export type Xstate4Outlet = {
  send(text: string): void;
  /** A viewer sent an event to an entity. */
  command(sessionId: string, event: EngineEvent): void;
};
export type Xstate4Session = {
  open(service: Xstate4Service): void;
  step(service: Xstate4Service, event: JsonObject): void;
  /** An event that changed nothing. */
  refuse(sessionId: string, event: JsonObject): void;
  close(sessionId: string): void;
  /** A message of the viewer, as text. */
  receive(text: string): void;
};
export type Xstate4Service = {
  readonly sessionId: string;
  readonly id: string;
  /** Config of XState 5, as JSON. */
  readonly config: JsonObject;
  readonly value: JsonValue;
  readonly context: JsonObject;
};

const PACKAGE: string = 'yardmaster-xstate-inspect';

/** Throws Refused `unavailable` when the package is not there. */
export async function loadXstate4(): Promise<Xstate4Package> {
  try {
    return (await import(PACKAGE)) as Xstate4Package;
  } catch (thrown) {
    throw new Refused('unavailable', `${PACKAGE} can not be loaded: ${(thrown as Error).message}`);
  }
}

export function xstate4Listener(session: Xstate4Session): FeedListener {
  const serviceOf = ({ ref, config, value, context }: FeedActor): Xstate4Service => ({
    ...{ sessionId: ref, id: ref, config, value, context },
  });
  return {
    open: (actor) => session.open(serviceOf(actor)),
    step: (actor: FeedActor, { event }: FeedEvent) => session.step(serviceOf(actor), event),
    refuse: (actor, { event }) => session.refuse(actor.ref, event),
    close: ({ ref }) => session.close(ref),
  };
}
