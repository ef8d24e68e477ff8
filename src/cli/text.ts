/** Text for people: colours where they are wanted, columns, durations, and nothing that a terminal would obey. */

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';
export type Paint = (colour: Colour, text: string) => string;

const codes: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2, bold: 1 };

/** Colours for a writer: none when it is no terminal, or when NO_COLOR is set. */
export function paintFor(
  writer: { readonly isTerminal: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Paint {
  if (!writer.isTerminal || environment.NO_COLOR) return (_, text) => text;
  return (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m`;
}

/** One line without control characters: what agents and repositories say never moves the cursor. */
export function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '')
    .trim();
}

/** The same for a text of several lines. */
export function plainLines(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[^\P{Cc}\n\t]/gu, '');
}

/** At most `width` characters, the last of them an ellipsis when something is missing. */
export function clip(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(width - 1, 0)).join('')}…`;
}

/** A duration as people say it: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 9_950) return `${(Math.max(ms, 0) / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return pair([minutes, 'min'], [seconds % 60, 's']);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair([hours, 'h'], [minutes % 60, 'min']);
  return pair([Math.floor(hours / 24), 'd'], [hours % 24, 'h']);
}

function pair([much, unit]: [number, string], [rest, smaller]: [number, string]): string {
  return rest === 0 ? `${much} ${unit}` : `${much} ${unit} ${rest} ${smaller}`;
}

/** `1 bead`, `2 beads`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Milliseconds since 1970 as a time of day in UTC, `2026-03-01 09:30:00`. */
export function instant(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

/** Columns side by side; the last one is as long as it is. Cells are plain text. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  const widths = header.map((title, column) =>
    Math.max(...[header, ...rows].map((row) => [...(row[column] ?? '')].length, title.length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === header.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - [...cell].length),
      )
      .join('  ')
      .trimEnd();
  return `${[paint('bold', line(header)), ...rows.map(line)].join('\n')}\n`;
}
