/**
 * What the palette offers: pages, machines, states, entities, events, and every action that is legal where one
 * stands.
 */
import type { ActionView, EntityPage, SearchView } from '../../contract.ts';
import type { App } from '../app.ts';
import { press } from '../sending.ts';
import { idOf, numberText } from '../words.ts';

export type Item = {
  readonly key: string;
  readonly group: 'Do' | 'Go to' | 'Entities' | 'States' | 'Events';
  readonly text: string;
  readonly note: string;
  readonly run: () => void;
};

const PAGES = [
  ['', 'Overview'],
  ['timers', 'Timers'],
  ['dispatch', 'Dispatch'],
  ['breakers', 'Breakers'],
  ['log', 'Log'],
  ['metrics', 'Metrics'],
] as const;

/** All words of the question are somewhere in the text. */
export function matches(text: string, question: string): boolean {
  const low = text.toLowerCase();
  return question
    .toLowerCase()
    .split(/\s+/)
    .every((word) => low.includes(word));
}

/** Those that are there without asking the server. */
export function localItems(app: App, front: EntityPage | null, question: string): Item[] {
  const { route } = app;
  const pages = PAGES.map(([path, text]): Item => {
    return { key: `page ${path}`, group: 'Go to', text, note: 'page', run: () => route.go(route.href(path)) };
  });
  const machines = app.machines.peek().map(({ machine, plural, total }): Item => {
    const run = () => route.go(route.machineHref(machine));
    return { key: `machine ${machine}`, group: 'Go to', text: plural, note: `machine · ${numberText(total)}`, run };
  });
  const actions = [
    ...(front === null ? [] : front.actions.map((action) => actionItem(app, front.line.ref, action))),
    ...(app.overview.value.peek()?.needsYou.items ?? [])
      .filter(({ line }) => line.ref !== front?.line.ref)
      .flatMap(({ line, actions: legal }) => legal.map((action) => actionItem(app, line.ref, action))),
  ];
  return [...(app.access.peek() === 'operate' ? actions : []), ...pages, ...machines].filter(({ text, note }) =>
    matches(`${text} ${note}`, question),
  );
}

function actionItem(app: App, reference: string, action: ActionView): Item {
  return {
    key: `do ${reference} ${action.event}`,
    group: 'Do',
    text: `${action.label} — ${idOf(reference)}`,
    note: action.event,
    run: () => void press(app, { action, references: [reference] }),
  };
}

/** What the server found. */
export function foundItems(app: App, found: SearchView): Item[] {
  const { route } = app;
  const entities = found.entities.map((line): Item => {
    const run = () => route.showDrawer({ kind: 'entity', reference: line.ref });
    return { key: line.ref, group: 'Entities', text: `${line.id}  ${line.title}`, note: line.state, run };
  });
  const states = found.states.map(({ machine, state, count }): Item => {
    const run = () => {
      route.go(`${route.machineHref(machine)}?drawer=${encodeURIComponent(`here:${machine}/${state}`)}`);
    };
    return { key: `state ${machine} ${state}`, group: 'States', text: state, note: `${machine} · ${count}`, run };
  });
  const events = found.events.map(({ event, machines }): Item => {
    const run = () => route.go(route.href('log', new URLSearchParams({ event }).toString()));
    return { key: `event ${event}`, group: 'Events', text: event, note: `log · ${machines.join(', ')}`, run };
  });
  return [...entities, ...states, ...events];
}
