/** Where the code of each screen is: brought when it is first shown, each in a file of its own. */
import type { Loaders } from './screens.ts';

export const loaders: Loaders = {
  overview: async () => (await import('./screens/overview/OverviewScreen.tsx')).OverviewScreen,
  machine: async () => (await import('./screens/machine/MachineScreen.tsx')).MachineScreen,
  hereDrawer: async () => (await import('./screens/machine/HereDrawer.tsx')).HereDrawer,
  edgeDrawer: async () => (await import('./screens/machine/EdgeDrawer.tsx')).EdgeDrawer,
  entity: async () => (await import('./screens/entity/EntityScreen.tsx')).EntityScreen,
  entityDrawer: async () => (await import('./screens/entity/EntityDrawer.tsx')).EntityDrawer,
  timers: async () => (await import('./screens/timers/TimersScreen.tsx')).TimersScreen,
  dispatch: async () => (await import('./screens/dispatch/DispatchScreen.tsx')).DispatchScreen,
  breakers: async () => (await import('./screens/breakers/BreakersScreen.tsx')).BreakersScreen,
  log: async () => (await import('./screens/log/LogScreen.tsx')).LogScreen,
  metrics: async () => (await import('./screens/metrics/MetricsScreen.tsx')).MetricsScreen,
  thumbnail: async () => (await import('./screens/overview/Thumbnail.tsx')).Thumbnail,
  palette: async () => (await import('./frame/Palette.tsx')).Palette,
  help: async () => (await import('./frame/Help.tsx')).Help,
  send: async () => (await import('./frame/SendDialog.tsx')).SendDialog,
};
