/**
 * One viewer's session. States are made by an XState 4, as the viewer's receiver has one.
 *
 * Invariants
 * - A service is registered before its first event, and stopped once.
 * - Nothing is sent before the viewer asks with `xstate.inspecting`; when it asks again, all are registered again.
 */
import {
  createMachine,
  type EventObject,
  State,
  type StateMachine,
  type StateSchema,
  type StateValue,
  toSCXMLEvent,
} from 'xstate';
import { isObject, type Json, type JsonObject, toXstate4 } from './convert.ts';

export type Outlet = {
  send(text: string): void;
  /** The viewer sent an event to a service. */
  command(sessionId: string, event: JsonObject & { readonly type: string }): void;
};
export type Service = {
  readonly sessionId: string;
  readonly id: string;
  /** Config of XState 5, as JSON. */
  readonly config: JsonObject;
  readonly value: Json;
  readonly context: JsonObject;
};
export type Session = {
  open(service: Service): void;
  step(service: Service, event: JsonObject): void;
  /** An event that changed nothing. */
  refuse(sessionId: string, event: JsonObject): void;
  close(sessionId: string): void;
  /** A message of the viewer, as text; what is none is passed over. */
  receive(text: string): void;
};

type Machine = StateMachine<JsonObject, StateSchema, EventObject>;
type Opened = { readonly service: Service; readonly event: JsonObject };

const machines = new WeakMap<JsonObject, Machine>();
const init = { type: 'xstate.init' };

export function createSession({ send, command }: Outlet): Session {
  const opened = new Map<string, Opened>();
  let asked = false;
  const tell = (message: JsonObject) => {
    if (asked) send(JSON.stringify(message));
  };
  const register = ({ service, event }: Opened) => {
    const { id, sessionId, config } = service;
    const machine = JSON.stringify(toXstate4(config));
    tell({ type: 'service.register', machine, state: stateText(service, event), id, sessionId });
  };
  return {
    open: (service) => {
      const entry = { service, event: init };
      opened.set(service.sessionId, entry);
      register(entry);
    },
    step: (service, event) => {
      const { sessionId } = service;
      opened.set(sessionId, { service, event });
      tell({ type: 'service.event', event: eventText(event), sessionId });
      tell({ type: 'service.state', state: stateText(service, event), sessionId });
    },
    refuse: (sessionId, event) => tell({ type: 'service.event', event: eventText(event), sessionId }),
    close: (sessionId) => {
      if (opened.delete(sessionId)) tell({ type: 'service.stop', sessionId });
    },
    receive: (text) => {
      const message = parsed(text);
      if (message?.type === 'xstate.inspecting') {
        asked = true;
        for (const entry of opened.values()) register(entry);
      }
      const event = message?.type === 'xstate.event' ? sentEvent(message) : null;
      if (event !== null && typeof message?.service === 'string') command(message.service, event);
    },
  };
}

function machineOf(config: JsonObject): Machine {
  const known = machines.get(config);
  if (known !== undefined) return known;
  const machine = createMachine(toXstate4(config) as object) as unknown as Machine;
  machines.set(config, machine);
  return machine;
}

function stateText({ config, value, context, sessionId }: Service, event: JsonObject): string {
  const state = machineOf(config).resolveState(State.from(value as StateValue, context));
  const own = { event, _event: scxmlOf(event), _sessionid: sessionId, actions: [] };
  return JSON.stringify({
    ...(JSON.parse(JSON.stringify(state)) as object),
    ...own,
    configuration: [],
    transitions: [],
    children: {},
  });
}

function eventText(event: JsonObject): string {
  return JSON.stringify(scxmlOf(event));
}

function scxmlOf(event: JsonObject) {
  return toSCXMLEvent(event as unknown as EventObject);
}

/** A viewer sends SCXML events: the author's event is in `data`. */
function sentEvent({ event }: JsonObject): (JsonObject & { readonly type: string }) | null {
  const scxml = typeof event === 'string' ? parsed(event) : null;
  const data = scxml === null ? undefined : scxml.data;
  return isObject(data) && typeof data.type === 'string' ? (data as JsonObject & { type: string }) : null;
}

function parsed(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
