/** The frame around every screen: top bar, navigation, the screen, the drawers, and what lies over them. */
import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useAnswer, useApp } from '../app.ts';
import { drawerScreen } from '../needs.ts';
import { ScreenPlace } from '../parts/ScreenPlace.tsx';
import { EmptyState } from '../parts/States.tsx';
import { paths } from '../paths.ts';
import { type DrawerContent, drawerText, type Page } from '../route.ts';
import { asked } from '../sending.ts';
import { titleOf } from '../title.ts';
import { Announcer } from './Announcer.tsx';
import { useFrameKeys } from './frame-keys.ts';
import { Nav } from './Nav.tsx';
import { Notice } from './Notice.tsx';
import { isNavOpen, overlay } from './overlay.ts';
import { TopBar } from './TopBar.tsx';

export function Frame() {
  const app = useApp();
  useAnswer(paths.overview());
  useFrameKeys();
  useSignalEffect(() => {
    document.title = titleOf(app);
  });
  const { page, drawers } = app.route;
  return (
    <div class="frame" data-nav={isNavOpen.value ? 'open' : undefined} data-drawers={drawers.value.length}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <TopBar />
      <Nav />
      <Main page={page.value} />
      <Drawers contents={drawers.value} />
      <Notice />
      <Announcer />
      {overlay.value !== null && <ScreenPlace name={overlay.value} />}
      {asked.value !== null && <ScreenPlace name="send" />}
    </div>
  );
}

function Main({ page }: { page: Page }) {
  const { route } = useApp();
  const element = useRef<HTMLElement>(null);
  const path = route.path.value;
  useEffect(() => {
    element.current?.scrollTo(0, 0);
    isNavOpen.value = false;
  }, [path]);
  return (
    <main id="main" ref={element} tabIndex={-1}>
      <MainScreen page={page} />
    </main>
  );
}

function MainScreen({ page }: { page: Page }) {
  const { route } = useApp();
  if (page.name === 'machine') return <ScreenPlace name="machine" reference={page.machine} />;
  if (page.name === 'entity') return <ScreenPlace name="entity" reference={page.reference} />;
  if (page.name !== 'unknown') return <ScreenPlace name={page.name} />;
  return (
    <div class="screen">
      <h1>Nothing stands here</h1>
      <EmptyState title="This address leads to no page of the inspector.">
        <a href={route.href('')}>The overview</a> leads everywhere.
      </EmptyState>
    </div>
  );
}

function Drawers({ contents }: { contents: readonly DrawerContent[] }) {
  if (contents.length === 0) return null;
  return (
    <aside class="drawers" aria-label="Details">
      {contents.map((content, index) => (
        <div key={drawerText(content)} class={`drawer-place depth-${index}`} inert={index < contents.length - 1}>
          <ScreenPlace name={drawerScreen(content)} reference={referenceOf(content)} />
        </div>
      ))}
    </aside>
  );
}

/** `machine/rest`: what a drawer's screen gets as its reference. */
const referenceOf = (content: DrawerContent) => drawerText(content).slice(content.kind.length + 1);
