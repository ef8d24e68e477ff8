/** One drawer of the stack at the right: a noun that was clicked, without leaving the page. On a phone it is a page. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useApp } from '../app.ts';
import { focusKeeper } from './focus.ts';
import { KeyHint } from './KeyHint.tsx';

type DrawerProps = {
  readonly title: ComponentChildren;
  /** Read out as the drawer's name. */
  readonly label: string;
  /** Address of the whole page about it. */
  readonly href?: string;
  readonly children: ComponentChildren;
};

const FOCUSABLE = 'a[href], button:not(:disabled), input, select, textarea, summary, [tabindex="0"]';

export function Drawer({ title, label, href, children }: DrawerProps) {
  const { route } = useApp();
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    const giveBack = focusKeeper();
    element.current?.focus({ preventScroll: true });
    return giveBack;
  }, []);
  return (
    <section ref={element} class="drawer" aria-label={label} tabIndex={-1} onKeyDown={keepInside}>
      <header class="drawer-head">
        <h2>{title}</h2>
        {href && (
          <a class="button small quiet" href={href} title="Open as a page">
            Page ↗
          </a>
        )}
        <button type="button" class="button small quiet" onClick={() => route.closeDrawer()}>
          Close <KeyHint keys="Esc" />
        </button>
      </header>
      <div class="drawer-body">{children}</div>
    </section>
  );
}

/** Tab goes round inside the drawer; Escape leaves it. */
function keepInside(event: KeyboardEvent): void {
  if (event.key !== 'Tab' || !(event.currentTarget instanceof HTMLElement)) return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    ({ tabIndex }) => tabIndex >= 0,
  );
  const [first, last] = [stops[0], stops.at(-1)];
  const edge = event.shiftKey ? first : last;
  const isAtEdge =
    document.activeElement === edge || (event.shiftKey && document.activeElement === event.currentTarget);
  if (!isAtEdge) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}
