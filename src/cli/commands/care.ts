/** The commands `verify` and `backup`: is the town what its log says, and a copy of it. */
import { resolve } from 'node:path';
import type { VerifyReport } from '../../town/api.ts';
import type { TownChoice } from '../connection.ts';
import { exits } from '../exits.ts';
import { openOffline } from '../offline.ts';
import { examples, type Registrar, withData, withJson } from '../options.ts';
import { placeOfTown } from '../places.ts';
import { type Paint, paintFor, plural } from '../text.ts';

export function registerVerify({ program, shell, finish }: Registrar): void {
  withJson(withData(program.command('verify')))
    .summary('replay the log and compare')
    .description(
      'Replays the whole log through the machines that wrote it and compares the result with what is stored.',
    )
    .addHelpText('after', examples('yardmaster verify', 'yardmaster verify --data /srv/town --json'))
    .action((options: TownChoice & { json?: boolean }) => {
      using town = openOffline(placeOfTown(shell, options.data), shell.env);
      const report = town.verify();
      const paint = paintFor(shell.out, shell.environment);
      shell.out.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : verifyText(report, paint));
      finish(report.ok ? exits.done : exits.unfinished);
    });
}

/** The report for people, golden in the tests. */
export function verifyText({ ok, rows, entities, skipped, problems }: VerifyReport, paint: Paint): string {
  const checked = `${plural(rows, 'row')} of ${entities === 1 ? '1 entity' : `${entities} entities`}`;
  const why = ok ? 'of entities that another version began' : 'after a problem, or of what another version began';
  const other = skipped === 0 ? '' : `; not replayed: ${plural(skipped, 'row')} ${why}`;
  if (ok) return `${paint('green', 'ok')}: ${checked} replayed, all is as it is stored${other}\n`;
  const lines = problems.map(
    ({ entity, seq, problem }) => `  ${entity}${seq === null ? '' : ` at ${seq}`}: ${problem}\n`,
  );
  return `${paint('red', plural(problems.length, 'problem'))} in ${checked}${other}\n${lines.join('')}`;
}

export function registerBackup({ program, shell, finish }: Registrar): void {
  withData(program.command('backup <file>'))
    .summary('copy the database')
    .description(
      'Writes a consistent copy of the database to a new file, while the town runs or rests. ' +
        'A town that is opened from the copy gives its runs other numbers than the first town will.',
    )
    .addHelpText('after', examples('yardmaster backup town-monday.db'))
    .action(async (file: string, options: TownChoice) => {
      const path = resolve(shell.directory, file);
      using town = openOffline(placeOfTown(shell, options.data), shell.env);
      await town.backup(path);
      shell.out.write(`${path}\n`);
      finish(exits.done);
    });
}
