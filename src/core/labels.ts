/**
 * Names for what XState keeps as strings, objects or functions: actions, guards, and the triggers of transitions.
 */
import type { AnyStateMachine } from 'xstate';

/** An action or guard as a machine's config holds it: a name, an object with a type, or a function. */
export type Reference = string | { type: string; params?: unknown } | BuiltIn;
/** A function that XState made (`assign`, `raise`, `and`) carries fields of its own; an inline function has none. */
export type BuiltIn = ((...args: never[]) => unknown) & {
  type?: string;
  resolve?: unknown;
  check?: unknown;
  event?: unknown;
  delay?: unknown;
  id?: unknown;
  to?: unknown;
  sendId?: unknown;
  guards?: Reference[];
  stateValue?: unknown;
};

/** Names of custom actions that the core understands itself instead of making effects of them. */
export const reservedActions: ReadonlySet<string> = new Set(['send', 'publish', 'extend', 'record']);

/** The XState built-in behind an action, inline or named in `setup`; null for custom actions. */
export function builtInOf(machine: AnyStateMachine, action: Reference): BuiltIn | null {
  if (typeof action === 'function') return action.resolve === undefined ? null : action;
  const name = typeof action === 'string' ? action : action.type;
  const implementation = machine.implementations.actions[name] as BuiltIn | undefined;
  return typeof implementation === 'function' && implementation.resolve !== undefined ? implementation : null;
}

/** True for an action that leaves the entity: an effect, or one of the reserved ones. */
export function isOutgoing(machine: AnyStateMachine, action: Reference): boolean {
  return typeof action !== 'function' && builtInOf(machine, action) === null;
}

/** How an action is called in charts; null for those without a name of their own (an inline `assign`). */
export function actionLabel(action: Reference): string | null {
  if (typeof action === 'string') return action;
  if (typeof action === 'object') return sendLabel(action);
  if (action.type === 'xstate.raise') return raiseLabel(action);
  if (action.type === 'xstate.cancel')
    return typeof action.sendId === 'string' ? `cancel ${action.sendId}` : 'cancel …';
  return null;
}

/** `raise NAG after reminder`. */
function raiseLabel({ event, delay }: BuiltIn): string {
  const isNamed = typeof delay === 'string' || typeof delay === 'number';
  const later = delay === undefined ? '' : ` after ${isNamed ? delayLabel(String(delay)) : '…'}`;
  return `raise ${eventName(event) ?? '…'}${later}`;
}

function delayLabel(delay: string): string {
  return /^\d+$/.test(delay) ? `${delay} ms` : delay;
}

/** `send DONE` when the event's type can be read from the config, the bare name otherwise. */
function sendLabel(action: { type: string; params?: unknown }): string {
  if (action.type !== 'send' && action.type !== 'publish') return action.type;
  const params = action.params;
  const event = typeof params === 'object' && params !== null && 'event' in params ? eventName(params.event) : null;
  return event === null ? action.type : `${action.type} ${event}`;
}

function eventName(event: unknown): string | null {
  if (typeof event !== 'object' || event === null || !('type' in event)) return null;
  return typeof event.type === 'string' ? event.type : null;
}

/** How a guard is called in charts: its name, `not x`, `x and y`, `in state`, or `inline`. */
export function guardLabel(guard: Reference | undefined): string | undefined {
  if (guard === undefined) return undefined;
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'object') return guard.type;
  if (guard.check === undefined) return guard.name === '' || guard.name === 'guard' ? 'inline' : guard.name;
  if (guard.stateValue !== undefined) return `in ${stateText(guard.stateValue)}`;
  const parts = (guard.guards ?? []).map((part) => guardLabel(part) ?? 'inline');
  if (guard.name === 'not') return `not ${parts[0]}`;
  return parts.join(guard.name === 'or' ? ' or ' : ' and ');
}

function stateText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a reader calls the trigger of a transition: `after backoff`, `done fetch`, `done`, or the type of the event. */
export function triggerLabel(eventType: string, delay: string | undefined): string {
  if (delay !== undefined) return `after ${delayLabel(delay)}`;
  if (eventType === '') return 'always';
  if (eventType.startsWith('xstate.done.actor.')) return `done ${eventType.slice('xstate.done.actor.'.length)}`;
  if (eventType.startsWith('xstate.error.actor.')) return `error ${eventType.slice('xstate.error.actor.'.length)}`;
  if (eventType.startsWith('xstate.done.state.')) return 'done';
  return eventType;
}
