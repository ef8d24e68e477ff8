/** The table of runtimes, cases and results, as it stands in `docs/RUNTIMES.md`. */
import type { Result } from './trial.ts';

export class Table {
  readonly #results = new Map<string, string>();
  failed = 0;

  add(runtime: string, row: string, { ok, cell, seconds }: Result & { readonly seconds: number }): void {
    if (!ok) this.failed += 1;
    this.put(runtime, row, ok ? `${cell}, ${seconds} s` : `**${cell}**`);
  }

  put(runtime: string, row: string, cell: string): void {
    this.#results.set(`${runtime}/${row}`, cell);
  }

  /** As Markdown; rows that nobody was put through are left out. */
  print(runtimes: readonly string[], rows: readonly string[]): string {
    const cellsOf = (row: string) => runtimes.map((name) => this.#results.get(`${name}/${row}`) ?? '');
    const lines = rows.filter((row) => cellsOf(row).some((cell) => cell !== ''));
    if (lines.length === 0) return '';
    const head = [`| case | ${runtimes.join(' | ')} |`, `|---|${runtimes.map(() => '---|').join('')}`];
    return [...head, ...lines.map((row) => `| ${row} | ${cellsOf(row).join(' | ')} |`)].join('\n');
  }
}
