/** A machine's chart as a picture: for documents, and for pages that show it small. */
import { Refused } from '../../core/errors.ts';
import { chartFile } from '../draw/standalone.ts';
import type { Inspection } from '../project/inspection.ts';
import { laidOut } from '../project/machine-view.ts';
import type { InspectorApp } from './context.ts';
import { requireRead } from './guard.ts';

/** The picture carries its own style; nothing else is loaded or run. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

export function chartRoute(app: InspectorApp, { machines }: Inspection): void {
  app.get('/api/machines/:machine/chart.svg', async (context) => {
    requireRead(context);
    const machine = machines.get(context.req.param('machine'));
    const direction = context.req.query('direction') === 'right' ? 'right' : 'down';
    const theme = context.req.query('theme') === 'dark' ? 'dark' : 'light';
    const layout = await laidOut(machine, { direction });
    if (!layout) {
      throw new Refused('unavailable', `the chart of ${machine.name} could not be laid out here: show its outline`);
    }
    context.header('Content-Type', 'image/svg+xml; charset=utf-8');
    context.header('Content-Security-Policy', POLICY);
    return context.body(chartFile(machine.chart, layout, { theme }));
  });
}
