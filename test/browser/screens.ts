/** Every screen of the inspector in the staged town, by its address below the base. */
export type ScreenAt = { readonly name: string; readonly path: string };

export const machines = ['bead', 'agent', 'container', 'breaker', 'rig', 'escalation', 'town'];

export const screens: readonly ScreenAt[] = [
  { name: 'overview', path: '' },
  { name: 'machine', path: 'machines/bead' },
  { name: 'machine-here', path: 'machines/bead?drawer=here:bead/in_progress.running' },
  { name: 'machine-outline', path: 'machines/agent?view=outline' },
  { name: 'machine-table', path: 'machines/bead?view=table' },
  { name: 'machine-heat', path: 'machines/bead?heat=failures' },
  { name: 'entity-bead', path: 'entities/bead/image-upload' },
  { name: 'entity-attempts', path: 'entities/bead/tax-rounding?tab=attempts' },
  { name: 'entity-agent', path: 'entities/agent/maple' },
  { name: 'drawers', path: '?drawer=entity:bead/csv-export&drawer=entity:bead/audit-trail' },
  { name: 'timers', path: 'timers' },
  { name: 'dispatch', path: 'dispatch' },
  { name: 'breakers', path: 'breakers' },
  { name: 'log', path: 'log' },
  { name: 'metrics', path: 'metrics' },
];
