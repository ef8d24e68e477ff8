/**
 * What a machine must not do if it is to be durable. Each refusal names the machine, the state and the remedy.
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { rootId } from './chart.ts';
import { Refused } from './errors.ts';
import { type BuiltIn, builtInOf, type Reference } from './labels.ts';
import { stateIdOf, toList, transitionsOf, walk } from './survey.ts';

/** @throws Refused `invalid` on the first rule that is broken. */
export function checkMachine(machine: AnyStateMachine): void {
  if (machine.id === '(machine)' || !/^[\w.-]+$/.test(machine.id)) {
    const remedy = "give it an id of letters, digits, '_', '.' and '-', such as createMachine({ id: 'light', … })";
    throw new Refused('invalid', `machine '${machine.id}' has no name to be stored under: ${remedy}`);
  }
  for (const node of walk(machine.root)) {
    const refuse = refuser(machine, node);
    checkKey(node, refuse);
    checkEvents(node, refuse);
    checkInvokes(node, refuse);
    checkDelays(node, refuse);
    for (const action of actionsOf(node)) checkAction(machine, action, refuse);
    for (const transition of transitionsOf(node))
      checkGuard(machine, transition.guard as Reference | undefined, refuse);
  }
}

type Refuse = (what: string, remedy: string) => never;

function refuser(machine: AnyStateMachine, node: AnyStateNode): Refuse {
  const where =
    node.parent === undefined ? `machine '${machine.id}'` : `machine '${machine.id}', state '${stateIdOf(node)}'`;
  return (what, remedy) => {
    throw new Refused('invalid', `${where}: ${what}; ${remedy}`, { machine: machine.id, state: stateIdOf(node) });
  };
}

function checkKey(node: AnyStateNode, refuse: Refuse): void {
  if (node.parent === undefined) return;
  if (/[\s.#,]/.test(node.key) || node.key === '' || node.key === rootId) {
    refuse(`the name '${node.key}' can not be stored`, "name states without spaces, '.', ',' and '#'");
  }
}

function checkEvents(node: AnyStateNode, refuse: Refuse): void {
  for (const type of Object.keys(node.config.on ?? {})) {
    if (type === '*') {
      refuse("it listens to '*'", 'late timers and outcomes would be taken too: name the events');
    }
    if (type.startsWith('xstate.')) {
      refuse(
        `it listens to '${type}'`,
        "types that begin with 'xstate.' are reserved: use onDone, onError, after or a name of yours",
      );
    }
  }
}

function checkInvokes(node: AnyStateNode, refuse: Refuse): void {
  const invokes = (node.config.invoke === undefined ? [] : [node.config.invoke].flat()) as InvokeConfig[];
  for (const { src, systemId, onSnapshot } of invokes) {
    if (typeof src !== 'string') {
      refuse(
        'it invokes an inline actor',
        "name it: setup({ actors: { fetchIt: fromPromise(…) } }) and src: 'fetchIt'",
      );
    }
    if (systemId !== undefined)
      refuse(`the invoke of '${src}' has a systemId`, 'remove it: names do not outlive a restart');
    if (onSnapshot !== undefined)
      refuse(`the invoke of '${src}' has onSnapshot`, 'remove it: a promise has no snapshots');
    checkLogic(src, node.machine.implementations.actors[src], refuse);
  }
}

type InvokeConfig = { readonly src: unknown; readonly systemId?: unknown; readonly onSnapshot?: unknown };

/** Only promises can be asked for anew after a crash and answer with one event. */
function checkLogic(src: string, logic: unknown, refuse: Refuse): void {
  if (logic === undefined)
    refuse(`it invokes '${src}', which is not implemented`, `add it: setup({ actors: { ${src}: fromPromise(…) } })`);
  if (typeof logic === 'object' && logic !== null && '__xstatenode' in logic) {
    refuse(
      `it invokes the machine '${src}'`,
      'make that machine an entity of its own and talk to it with the send action',
    );
  }
  if (!isPromiseLogic(logic))
    refuse(`it invokes '${src}', which is no promise`, 'only fromPromise(…) can be invoked: use an effect');
}

/** Promise logic ends on the event with which its promise tells of success. */
function isPromiseLogic(logic: unknown): boolean {
  const { transition } = logic as {
    transition?: (state: unknown, event: unknown, scope: unknown) => { status?: string };
  };
  if (typeof transition !== 'function' || !('config' in (logic as object))) return false;
  try {
    return transition({ status: 'active' }, { type: 'xstate.promise.resolve', data: 1 }, {}).status === 'done';
  } catch {
    return false;
  }
}

function checkDelays(node: AnyStateNode, refuse: Refuse): void {
  const delays: Record<string, unknown> = node.machine.implementations.delays;
  for (const delay of Object.keys(node.config.after ?? {})) {
    if (Number.isNaN(Number(delay)) && delays[delay] === undefined) {
      refuse(`its delay '${delay}' is not implemented`, `add it: setup({ delays: { ${delay}: 1000 } })`);
    }
  }
}

function actionsOf(node: AnyStateNode): Reference[] {
  const initial = node.type === 'compound' ? node.initial.actions : [];
  const onTransitions = transitionsOf(node).flatMap((transition) => transition.actions);
  return [...toList(node.config.entry), ...toList(node.config.exit), ...initial, ...onTransitions] as Reference[];
}

function checkAction(machine: AnyStateMachine, action: Reference, refuse: Refuse): void {
  const builtIn = builtInOf(machine, action);
  if (builtIn === null) {
    if (typeof action !== 'function') return;
    // A function takes the name of the property that it is written at, which says nothing.
    const name = ['', 'entry', 'exit', 'actions'].includes(action.name) ? '' : ` '${action.name}'`;
    refuse(
      `it has an inline action${name}`,
      'it would be lost in a crash: name it in setup({ actions }) and refer to it by name, as an effect',
    );
  }
  checkBuiltIn(machine, builtIn, refuse);
}

function checkBuiltIn(machine: AnyStateMachine, action: BuiltIn, refuse: Refuse): void {
  if (action.type === 'xstate.sendTo') {
    const name = action.to === '#_parent' ? 'sendParent' : 'sendTo';
    refuse(
      `it uses ${name}`,
      "entities have no parents and no actor references: use { type: 'send', params: { to: { machine, id }, event } }",
    );
  }
  if (action.type === 'xstate.spawnChild' || action.type === 'xstate.stopChild') {
    const name = action.type.slice('xstate.'.length);
    refuse(`it uses ${name}`, 'children do not outlive a restart: send to an entity of its own, or invoke a promise');
  }
  if (action.type !== 'xstate.raise' || action.delay === undefined) return;
  if (typeof action.id !== 'string') {
    refuse(
      'it raises an event with a delay and without an id',
      "give the timer a name: raise(event, { delay, id: 'reminder' })",
    );
  }
  const delays: Record<string, unknown> = machine.implementations.delays;
  if (typeof action.delay === 'string' && delays[action.delay] === undefined) {
    refuse(`its delay '${action.delay}' is not implemented`, `add it: setup({ delays: { ${action.delay}: 1000 } })`);
  }
}

function checkGuard(machine: AnyStateMachine, guard: Reference | undefined, refuse: Refuse): void {
  if (guard === undefined) return;
  if (typeof guard === 'function') {
    for (const part of guard.guards ?? []) checkGuard(machine, part, refuse);
    return;
  }
  const name = typeof guard === 'string' ? guard : guard.type;
  if (machine.implementations.guards[name] === undefined) {
    refuse(`its guard '${name}' is not implemented`, `add it: setup({ guards: { ${name}: ({ context }) => … } })`);
  }
}
