/** Paints a component to text in an app that has the given answers: what a reader would see first. */
import { type FunctionComponent, h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { type App, AppContext, createApp } from '../../../../src/inspector/app/app.ts';
import type { OverviewView } from '../../../../src/inspector/contract.ts';
import { NOW } from './fixtures.ts';

export const overviewView = (over: Partial<OverviewView> = {}): OverviewView => ({
  ...{ seq: 120, now: NOW, name: 'Rust Harbour', word: 'town', access: 'operate', sentence: 'All moving', chips: [] },
  needsYou: { items: [], next: null, total: 0 },
  machines: ['bead', 'agent', 'breaker'].map((machine) => ({
    ...{ machine, label: machine, plural: `${machine}s`, form: 'list' as const, total: 1, counts: [], attention: [] },
  })),
  ...{ grids: [], waves: [], sparks: [], timersOverdue: 0, effectsStuck: 0 },
  ...over,
});

export type Scene = {
  /** Below the base, with its query: `log?event=DISPATCH`. */
  readonly at?: string;
  /** Answers by the path of the API. */
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly access?: OverviewView['access'];
};

export function appOf({ at = '', answers = {}, access = 'operate' }: Scene = {}): App {
  const [path = '', query = ''] = at.split('?');
  return createApp({
    ...{ base: '/inspector/', path: `/${path}`, query, theme: null },
    start: { overview: overviewView({ access }), ...answers },
    history: { push: () => {}, replace: () => {} },
    fetch: () => new Promise(() => {}),
    openStream: () => ({ onopen: null, onmessage: null, onerror: null, close: () => {} }),
    newKey: () => 'key',
    nextFrame: () => {},
    later: () => () => {},
    localNow: () => NOW,
  });
}

/** `set` may change the app before it is painted: make an answer fail. */
export function paint<P extends object>(
  component: FunctionComponent<P>,
  props: P,
  scene: Scene & { readonly set?: (app: App) => void } = {},
): string {
  const app = appOf(scene);
  scene.set?.(app);
  return renderToString(h(AppContext.Provider, { value: app }, h(component as FunctionComponent<object>, props)));
}

/** What a reader reads: text without tags, spaces in a row as one. */
export const words = (html: string): string =>
  html
    .replace(/<(?:title|style)[^>]*>.*?<\/(?:title|style)>/gs, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&amp;/g, '&')
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&#39;/g, "'")
    .replace(/\s+/g, ' ')
    .replace(/ ([.,:])/g, '$1')
    .trim();

/** A refusal of the server, as an answer keeps it. */
export const problem = (status: number) => ({
  title: 'The database is locked',
  detail: 'Another program writes to it. Close that program, then ask again.',
  status,
  code: 'busy',
});

export const fail =
  (path: string, status = 500) =>
  (app: App): void => {
    const { problem: told } = app.answers.of(path) as unknown as { problem: { value: unknown } };
    told.value = problem(status);
  };
