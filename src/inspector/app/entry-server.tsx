/** The first paint, made on the server: the same components with the answers that the server hands in. */
import { screenFiles } from 'virtual:screen-files';
import { renderToString } from 'preact-render-to-string';
import type { PageRenderer, PageRequest } from '../contract-page.ts';
import { type App, AppContext, createApp } from './app.ts';
import { documentOf } from './document.ts';
import { Frame } from './frame/Frame.tsx';
import { loaders } from './loaders.ts';
import { answersOf, screensOf } from './needs.ts';
import { Route } from './route.ts';
import { loadScreens, provideScreens, type ScreenName } from './screens.ts';
import { titleOf } from './title.ts';

provideScreens(loaders);
await loadScreens(Object.keys(loaders) as ScreenName[]);

const nowhere = { push: () => {}, replace: () => {} };

/** An app that only looks at what it was given: nothing is fetched, nothing ticks. */
function appOf(request: PageRequest): App {
  return createApp({
    ...request,
    history: nowhere,
    fetch: () => new Promise(() => {}),
    openStream: () => ({ onopen: null, onmessage: null, onerror: null, close: () => {} }),
    newKey: () => '',
    nextFrame: () => {},
    later: () => () => {},
    // Only moves on what the answers say the time is; without answers nothing on the page has a time.
    localNow: () => 0,
  });
}

export const needs: PageRenderer['needs'] = ({ path, query, now }) =>
  answersOf(new Route('/', { path, query }, nowhere), now);

export const render: PageRenderer['render'] = (request) => {
  const app = appOf(request);
  const html = renderToString(
    <AppContext.Provider value={app}>
      <Frame />
    </AppContext.Provider>,
  );
  return { html, title: titleOf(app) };
};

export const page: PageRenderer['page'] = (request, template) => {
  const screens = screensOf(new Route('/', request, nowhere));
  const files = [...new Set(screens.flatMap((name) => screenFiles[name] ?? []))];
  return documentOf(request, render(request), { template, files });
};
