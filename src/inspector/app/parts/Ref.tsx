/** Links: every noun is one. A plain click opens the drawer, a click with a modifier the whole page in a new tab. */
import type { ComponentChildren } from 'preact';
import { useApp } from '../app.ts';
import type { DrawerContent } from '../route.ts';
import { idOf } from '../words.ts';

type RefProps = {
  /** `machine/id`. */
  readonly reference: string;
  readonly children?: ComponentChildren;
  readonly title?: string;
};

/** A link to an entity. Shows its id when it has no children. */
export function Ref({ reference, children, title }: RefProps) {
  const { route } = useApp();
  return (
    <DrawerLink content={{ kind: 'entity', reference }} href={route.entityHref(reference)} title={title ?? reference}>
      {children ?? <code>{idOf(reference)}</code>}
    </DrawerLink>
  );
}

/** A link to the entities that stand in a state. */
export function StateRef({
  machine,
  state,
  children,
}: {
  machine: string;
  state: string;
  children: ComponentChildren;
}) {
  const { route } = useApp();
  const content: DrawerContent = { kind: 'here', machine, state };
  const href = `${route.machineHref(machine)}?drawer=${encodeURIComponent(`here:${machine}/${state}`)}`;
  return (
    <DrawerLink content={content} href={href} title={`Who is in ${state}`}>
      {children}
    </DrawerLink>
  );
}

type DrawerLinkProps = { content: DrawerContent; href: string; title: string; children: ComponentChildren };

function DrawerLink({ content, href, title, children }: DrawerLinkProps) {
  const { route } = useApp();
  const open = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    // From inside a drawer it goes on top; from the page it takes the place of what was open.
    const isInDrawer = event.currentTarget instanceof Element && event.currentTarget.closest('.drawer') !== null;
    if (isInDrawer) route.openDrawer(content);
    else route.showDrawer(content);
  };
  return (
    <a class="ref" href={href} title={title} onClick={open}>
      {children}
    </a>
  );
}

/** A link to a page below the base: `log?entity=bead/gt-1`. */
export function PageLink({ to, children, class: name }: { to: string; children: ComponentChildren; class?: string }) {
  const { route } = useApp();
  const mark = to.indexOf('?');
  const href = mark < 0 ? route.href(to) : route.href(to.slice(0, mark), to.slice(mark));
  return (
    <a class={name ?? 'ref'} href={href}>
      {children}
    </a>
  );
}
