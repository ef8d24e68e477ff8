/**
 * The looks of charts, for the pages and for files that stand alone. Colours are the custom properties of the pages:
 * `--page --surface --sunken --line --ink --muted --accent --warn --danger --time`.
 */

export const chartCss = `
.chart { font: 12.5px/1 system-ui, sans-serif; color: var(--ink); }
.chart text { fill: var(--ink); }
.chart .state-box { fill: var(--surface); stroke: var(--line); stroke-width: 1.2; }
.chart .compound > .state-box { fill: var(--sunken); }
.chart .root > .state-box { fill: none; stroke-dasharray: 3 4; }
.chart .final-ring { fill: none; stroke: var(--line); }
.chart .state-name { font-weight: 600; }
.chart .state-note, .chart .edge-text { font: 11px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
.chart .state-note { fill: var(--muted); }
.chart .head { pointer-events: none; }
.chart .head text:not(.token-count) { paint-order: stroke; stroke: var(--sunken); stroke-width: 5; }
.chart .row-name { font-size: 11.5px; }
.chart .row-box { fill: transparent; }
.chart .row-rule { stroke: var(--line); }
.chart .attention > .state-name, .chart .attention > .row-name { fill: var(--warn); }
.chart .token-pill { fill: var(--accent); }
.chart .token-count { fill: var(--page); font-size: 11px; font-weight: 700; text-anchor: middle; }
.chart .attention > .tokens .token-pill { fill: var(--warn); }
.chart .state-dot { fill: var(--muted); }
.chart .edge-line { fill: none; stroke: var(--muted); stroke-opacity: .7; stroke-width: 1.2; }
.chart .edge-head { fill: var(--muted); }
.chart .edge-hit { fill: none; stroke: transparent; stroke-width: 10; pointer-events: stroke; }
.chart .edge-label { fill: var(--page); }
.chart .edge-text { text-anchor: middle; }
.chart .edge-text.guard, .chart .edge-text.action { fill: var(--muted); }
.chart .edge-text.delay { fill: var(--time); }
.chart .delayed > .edge-line { stroke: var(--time); stroke-dasharray: 4 3; }
.chart .delayed > .edge-head { fill: var(--time); }
.chart .always > .edge-line { stroke-dasharray: 4 3; }
.chart .edge:hover > .edge-line, .chart .edge.taken > .edge-line {
  stroke: var(--accent); stroke-opacity: 1; stroke-width: 2;
}
.chart .edge:hover > .edge-head, .chart .edge.taken > .edge-head { fill: var(--accent); }
.chart .edge.taken > .event { fill: var(--accent); font-weight: 700; }
.chart .state.active > .state-box { stroke: var(--accent); stroke-width: 2; }
.chart .row.active > .row-box { stroke: var(--accent); stroke-width: 1.5; }
.chart [role='button'] { cursor: pointer; }
.chart .state[role='button']:hover > .state-box { stroke: var(--accent); }
.chart .row:hover > .row-name { fill: var(--accent); }
.chart [role='button']:focus { outline: none; }
.chart .state:focus-visible > .state-box, .chart .row:focus-visible > .row-box {
  stroke: var(--accent); stroke-width: 2.5;
}
.chart .edge:focus-visible > .edge-line { stroke: var(--accent); stroke-opacity: 1; stroke-width: 2.5; }
`.trim();

const light = {
  page: '#fbfaf8',
  surface: '#ffffff',
  sunken: '#f3f2ee',
  line: '#dedcd6',
  ink: '#1c1d21',
  muted: '#5d616c',
  accent: '#2f5bea',
  warn: '#a34a06',
  danger: '#b42318',
  time: '#6d3fd4',
};
const dark: typeof light = {
  page: '#0f1115',
  surface: '#171a21',
  sunken: '#0b0d10',
  line: '#2a2f3a',
  ink: '#e8e8ec',
  muted: '#9aa0af',
  accent: '#7aa2ff',
  warn: '#f5b759',
  danger: '#ff8b82',
  time: '#b79bff',
};

export type Theme = 'light' | 'dark';

/** The colours of one theme as custom properties of `.chart`, for a picture without a page around it. */
export function themeCss(theme: Theme): string {
  const properties = Object.entries(theme === 'light' ? light : dark).map(([name, value]) => `--${name}: ${value};`);
  return `.chart { ${properties.join(' ')} }`;
}
