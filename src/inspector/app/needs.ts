/** What an address needs to be shown: which screens, and which answers of the API for a first paint without waiting. */
import type { OutboxGroup } from '../contract.ts';
import { paths } from './paths.ts';
import type { DrawerContent, Route } from './route.ts';
import { logQueryOf } from './screens/log/log-query.ts';
import { rangeOf } from './screens/metrics/range.ts';
import type { ScreenName } from './screens.ts';
import { machineOf } from './words.ts';

const DRAWERS: Readonly<Record<DrawerContent['kind'], ScreenName>> = {
  entity: 'entityDrawer',
  here: 'hereDrawer',
  edge: 'edgeDrawer',
};

export const drawerScreen = (content: DrawerContent): ScreenName => DRAWERS[content.kind];

type Where = Pick<Route, 'page' | 'drawers' | 'setting'>;

export function screensOf({ page, drawers }: Pick<Where, 'page' | 'drawers'>): readonly ScreenName[] {
  const { name } = page.value;
  return [...(name === 'unknown' ? [] : [name]), ...drawers.value.map(drawerScreen)];
}

/** The paths of the API, the frame's own first. `now`: the time that the page is painted at. */
export function answersOf(where: Where, now: number): readonly string[] {
  return [...new Set([paths.overview(), ...ofPage(where, now), ...where.drawers.value.flatMap(ofDrawer)])];
}

function ofPage(where: Where, now: number): readonly string[] {
  const page = where.page.value;
  const setting = (name: string) => where.setting(name);
  switch (page.name) {
    case 'machine':
      return [paths.machine(page.machine)];
    case 'entity':
      return ofEntity(page.reference, setting('at'));
    case 'timers':
      return [paths.timers()];
    case 'dispatch':
      return ofDispatch(setting('group'));
    case 'breakers':
      return [paths.breakers()];
    case 'log':
      return [
        paths.log(logQueryOf(setting)),
        ...(Number(setting('tree')) > 0 ? [paths.tree(Number(setting('tree')))] : []),
      ];
    case 'metrics':
      return [paths.metrics(rangeOf(setting, now))];
    default:
      return [];
  }
}

/** Without a group it is one of two, by whether something is stuck. */
function ofDispatch(group: string): readonly string[] {
  const groups = group === '' ? (['stuck', 'running'] as const) : [group as OutboxGroup];
  return groups.map((name) => paths.outbox(name));
}

function ofEntity(reference: string, at: string): readonly string[] {
  const moment = Number(at) > 0 ? [paths.moment(reference, Number(at))] : [];
  return [paths.entity(reference), paths.history(reference), paths.machine(machineOf(reference)), ...moment];
}

function ofDrawer(content: DrawerContent): readonly string[] {
  if (content.kind === 'entity') return [paths.entity(content.reference)];
  if (content.kind === 'edge') return [paths.edge(content.machine, content.edge)];
  return [paths.here(content.machine, { state: content.state, sort: 'since' })];
}
