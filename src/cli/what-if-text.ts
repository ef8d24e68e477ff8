/** The answer of `simulate --history` as a table: the record, the model of it, and the other settings. */

import type { WhatIfFigures } from '../simulator/what-if/figures.ts';
import type { WhatIf } from '../simulator/what-if.ts';
import { duration, type Paint, table } from './text.ts';

const SHOWN = 12;
const time = (ms: number | null) => (ms === null ? '-' : duration(ms));

const lines: readonly (readonly [what: string, read: (figures: WhatIfFigures) => string])[] = [
  ['beads', ({ beads }) => String(beads)],
  ['closed', ({ closed }) => String(closed)],
  ['failed', ({ failed }) => String(failed)],
  ['attempts', ({ attempts }) => String(attempts)],
  ['spent, USD', ({ spentUsd }) => spentUsd.toFixed(2)],
  ['time to close, median', ({ medianMs }) => time(medianMs)],
  ['time to close, 90 %', ({ p90Ms }) => time(p90Ms)],
  ['longest wait', ({ longestWaitMs }) => time(longestWaitMs)],
  ['breaker openings', ({ breakerOpenings }) => String(breakerOpenings)],
  ['escalations', ({ escalations }) => String(escalations)],
];

export function whatIfText({ changed, reproduction, recorded, modelled, other }: WhatIf, paint: Paint): string {
  const { rows, entities, differences } = reproduction;
  const proof =
    differences.length === 0
      ? `The record reproduced: ${rows} rows of ${entities} entities, each to the recorded state.`
      : `The record is not reproduced by these charts:\n${differences.map((one) => `  ${one}`).join('\n')}`;
  if (!modelled || !other) {
    const body = lines.map(([what, read]) => [what, read(recorded)]);
    return `${proof}\n\n${table(['', 'recorded'], body, paint)}\nThe settings are those of the record.\n`;
  }
  const all = [recorded, modelled.figures, other.figures];
  const body = [
    ...lines.map(([what, read]) => [what, ...all.map(read)]),
    ['attempts drawn', '-', String(modelled.drawn.length), String(other.drawn.length)],
  ];
  const drawn = other.drawn.slice(0, SHOWN).map(({ bead, attempt }) => `  ${bead}, attempt ${attempt} (drawn)`);
  const more = other.drawn.length > SHOWN ? [`  and ${other.drawn.length - SHOWN} more`] : [];
  return [
    proof,
    `Settings that differ: ${changed.join(', ')}`,
    '',
    table(['', 'recorded', 'modelled', 'other settings'], body, paint).trimEnd(),
    '',
    'Modelled is the record under its own settings: its distance from the record is the error of the model.',
    'Attempts that the record does not have are drawn from the recorded ones of the same rig:',
    ...(drawn.length === 0 ? ['  none'] : [...drawn, ...more]),
    ...other.violations.map((problem) => `VIOLATED ${problem}`),
    '',
  ].join('\n');
}
