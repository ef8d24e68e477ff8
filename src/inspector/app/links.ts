/**
 * Links inside of the inspector change the page without loading it again; back and forward do too. A click anywhere
 * on a row of a list is a click on its first link.
 */
import type { Route } from './route.ts';

export function followLinks(route: Route): void {
  window.addEventListener('popstate', () => route.arrive(location.pathname + location.search));
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const link = event.target.closest('a');
    if (link === null) openRow(event.target);
    if (link === null || !isPlain(event, link) || !isPage(link, route.base)) return;
    event.preventDefault();
    route.go(link.pathname + link.search);
  });
}

function isPlain(event: MouseEvent, link: HTMLAnchorElement): boolean {
  if (event.defaultPrevented || event.button !== 0 || link.target !== '' || link.hasAttribute('download')) return false;
  return !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
}

/** A page of ours, and not a file of the API or a place on this page. */
function isPage(link: HTMLAnchorElement, base: string): boolean {
  if (link.origin !== location.origin || !link.pathname.startsWith(base)) return false;
  return !link.pathname.startsWith(`${base}api/`) && link.hash === '';
}

/** Unless something in the row was meant, or text was marked. */
function openRow(target: Element): void {
  const row = target.closest('[data-row]');
  if (row === null || target.closest('button, input, select, textarea, label, summary, dialog') !== null) return;
  if (window.getSelection()?.isCollapsed === false) return;
  row.querySelector<HTMLElement>('a, button')?.click();
}
