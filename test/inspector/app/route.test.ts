/** The address is the state: every page, drawer and setting comes back from it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referencePath } from '../../../src/inspector/app/paths.ts';
import { type DrawerContent, drawerOf, drawerText, pageOf, Route } from '../../../src/inspector/app/route.ts';

function routeAt(path: string, query = '') {
  const pushed: string[] = [];
  const replaced: string[] = [];
  const history = { push: (to: string) => void pushed.push(to), replace: (to: string) => void replaced.push(to) };
  return { route: new Route('/x/inspector/', { path, query }, history), pushed, replaced };
}

describe('the address', () => {
  it('leads to each page', () => {
    expect(pageOf('/')).toEqual({ name: 'overview' });
    expect(pageOf('/log')).toEqual({ name: 'log' });
    expect(pageOf('/machines/bead')).toEqual({ name: 'machine', machine: 'bead' });
    expect(pageOf('/nonsense/at/all')).toEqual({ name: 'unknown' });
    expect(pageOf('/machines/%E0%A4%A')).toEqual({ name: 'machine', machine: '%E0%A4%A' });
  });

  it('has any id in it, escaped', () => {
    const id = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).filter((text) => !/^[./]+$/.test(text));
    fc.assert(
      fc.property(id, (text) => {
        const page = pageOf(`/entities/${referencePath(`bead/${text}`)}`);
        expect(page).toEqual({ name: 'entity', reference: `bead/${text}` });
      }),
    );
  });

  it('has what stands in each drawer', () => {
    const contents: DrawerContent[] = [
      { kind: 'entity', reference: 'bead/gt-1' },
      { kind: 'here', machine: 'bead', state: 'in_progress.working' },
      { kind: 'edge', machine: 'bead', edge: 'open|effect.run:done|0,open|RETRY|1' },
    ];
    for (const content of contents) expect(drawerOf(drawerText(content))).toEqual(content);
    expect(drawerOf('nonsense')).toBeNull();
  });

  it('holds at most three drawers, the newest in front, none twice', () => {
    const { route, pushed } = routeAt('/', 'heat=dwell');
    for (const id of ['a', 'b', 'c', 'd', 'c']) route.openDrawer({ kind: 'entity', reference: `bead/${id}` });
    expect(route.drawers.value.map((content) => 'reference' in content && content.reference)).toEqual([
      'bead/b',
      'bead/d',
      'bead/c',
    ]);
    route.closeDrawer();
    expect(pushed.at(-1)).toBe('/x/inspector/?heat=dwell&drawer=entity:bead/b&drawer=entity:bead/d');
    expect(route.setting('heat')).toBe('dwell');
  });

  it('keeps settings in place, and follows links', () => {
    const { route, replaced } = routeAt('/machines/bead');
    route.set({ view: 'table' });
    expect(replaced).toEqual(['/x/inspector/machines/bead?view=table']);
    route.set({ view: null });
    expect(replaced.at(-1)).toBe('/x/inspector/machines/bead');
    route.arrive('/x/inspector/log?entity=bead%2Fgt-1#row');
    expect(route.page.value).toEqual({ name: 'log' });
    expect(route.setting('entity')).toBe('bead/gt-1');
  });
});
