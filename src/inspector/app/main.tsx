/** The page in the browser: takes over what the server painted, and keeps it live. */
import './styles/tokens.css';
import 'virtual:chart.css';
import './styles/chart.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/parts.css';
import { effect } from '@preact/signals';
import { hydrate } from 'preact';
import type { Start } from '../contract-page.ts';
import { type App, AppContext, createApp } from './app.ts';
import { Frame } from './frame/Frame.tsx';
import { onKey } from './keys.ts';
import { followLinks } from './links.ts';
import { loaders } from './loaders.ts';
import { screensOf } from './needs.ts';
import { loadScreens, provideScreens } from './screens.ts';
import { rememberedTheme, showTheme } from './theme.ts';

/** A page that nobody looks at lets its connection go: browsers have few of them for one server. */
const HIDDEN_MS = 60_000;

function startOf(): Start {
  try {
    return JSON.parse(document.getElementById('start')?.textContent ?? '') as Start;
  } catch {
    return {};
  }
}

function appOfBrowser(): App {
  const base = document.documentElement.dataset.base ?? '/';
  const { pathname, search } = location;
  return createApp({
    base,
    path: `/${pathname.slice(base.length)}`,
    query: search.slice(1),
    theme: rememberedTheme(),
    start: startOf(),
    history: {
      push: (address) => history.pushState(null, '', address),
      replace: (address) => history.replaceState(null, '', address),
    },
    fetch: (address, init) => fetch(address, init),
    openStream: (address) => new EventSource(address),
    newKey: () => crypto.randomUUID(),
    nextFrame: (run) => void requestAnimationFrame(run),
    later: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    localNow: () => Date.now(),
  });
}

/** Connects while the page is seen. A frame is never drawn in the background, so commits would pile up there. */
function liveWhileSeen(app: App): void {
  let hidden: ReturnType<typeof setTimeout> | undefined;
  let isAway = false;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hidden);
    if (document.visibilityState === 'hidden') {
      hidden = setTimeout(() => {
        isAway = app.live.freshness.peek().kind !== 'paused';
        if (isAway) app.live.stop();
      }, HIDDEN_MS);
    } else if (isAway) {
      isAway = false;
      void app.live.start();
    }
  });
  window.addEventListener('online', () => {
    if (app.live.freshness.peek().kind === 'reconnecting') void app.live.start();
  });
  void app.live.start();
}

async function begin(): Promise<void> {
  const app = appOfBrowser();
  effect(() => showTheme(app.theme.value, app.route.base));
  provideScreens(loaders);
  await loadScreens(screensOf(app.route));
  const root = document.getElementById('app');
  if (root === null) return;
  hydrate(
    <AppContext.Provider value={app}>
      <Frame />
    </AppContext.Provider>,
    root,
  );
  document.addEventListener('keydown', onKey);
  followLinks(app.route);
  app.clock.start();
  liveWhileSeen(app);
}

void begin();
