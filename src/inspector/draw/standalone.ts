/** A chart as the text of an SVG file that needs no page around it. */
import type { Chart } from '../../core/chart.ts';
import type { Layout } from '../contract.ts';
import { chartCss, type Theme, themeCss } from './css.ts';
import { type DrawOptions, drawChart } from './draw.ts';
import { figure, figureText } from './figure.ts';

/** `theme` fixes the colours; a page that wants both shows two files. Ends in a newline. */
export function chartFile(chart: Chart, layout: Layout, options: DrawOptions & { readonly theme: Theme }): string {
  const drawn = drawChart(chart, layout, options);
  const style = figure('style', {}, '');
  const page = figure('rect', { width: '100%', height: '100%', fill: 'var(--page)' });
  const text = figureText({ ...drawn, children: [style, page, ...drawn.children] });
  return `${text.replace('<style/>', `<style>${themeCss(options.theme)}\n${chartCss}</style>`)}\n`;
}
