/** Tidy's rules about one file at a time. */
import { functionBodies } from './functions.ts';
import { type Finding, finding, type Source } from './source.ts';

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 60;
const LINE_MAX = 120;

type Ban = {
  readonly pattern: RegExp;
  readonly message: string;
  /** What is looked at: `code` has no comments and strings, `text` has all. */
  readonly view: 'code' | 'text';
  readonly in: RegExp;
  readonly except?: RegExp;
};

const PRODUCTION = /^(?:src|machines)\//;
const WALL = /^src\/(?:env\/|cli\/|cli\.ts$|inspector\/app\/)/;

function wall(pattern: RegExp, what: string, instead: string): Ban {
  return { pattern, message: `${what} outside src/env — use ${instead}`, view: 'code', in: PRODUCTION, except: WALL };
}

const BANS: readonly Ban[] = [
  wall(/\bDate\.now\b/g, 'Date.now', 'env.clock.now()'),
  wall(/\bnew Date\(/g, 'new Date(', 'env.clock.now(), and format times where people see them'),
  wall(/\bperformance\.now\b/g, 'performance.now', 'env.clock.now()'),
  wall(/\bMath\.random\b/g, 'Math.random', 'env.random()'),
  wall(/\brandomUUID\b/g, 'randomUUID', 'env.hex(length)'),
  wall(/\bset(?:Timeout|Interval)\b/g, 'setTimeout or setInterval', 'env.clock.at()'),
  wall(/\bprocess\.env\b/g, 'process.env', 'a parameter that the command line fills in'),
  {
    pattern: /bead|convoy|mayor|polecat|refinery/gi,
    message: "a word of the town in the engine's folders — use entity, machine or event",
    view: 'text',
    in: /^src\/(?:core|env|store|engine|scheduler)\//,
  },
  {
    pattern: /\bthrow new Error\(/g,
    message: 'throw new Error( — use Refused, Retryable, Terminal or Bug of src/core/errors.ts',
    view: 'code',
    in: PRODUCTION,
  },
  {
    pattern: /\bshell:\s*true\b|(?<![.\w])exec\s*\(|\bexecSync\b|\bexecaCommand\b/g,
    message: 'a shell — use a program with a list of arguments (execa or spawn)',
    view: 'code',
    in: PRODUCTION,
  },
  {
    pattern: /\b(?:[T]ODO|[F]IXME|X[X]X)\b/g,
    message: 'a reminder — do it, or write it down where work is planned',
    view: 'text',
    in: /./,
  },
  {
    pattern: /\bconsole\.\w+/g,
    message: 'console — use env.log, or the writer of the command line',
    view: 'code',
    in: /./,
  },
  {
    pattern: /@ts-[i]gnore|@ts-[n]ocheck/g,
    message: 'a silenced type check — use a type that is true',
    view: 'text',
    in: /./,
  },
  { pattern: /\bas any\b/g, message: 'as any — use unknown, and find out what it is', view: 'code', in: /./ },
  { pattern: /biome-[i]gnore/g, message: 'a silenced lint — use code that the rule accepts', view: 'text', in: /./ },
  {
    pattern: /\b(?:ctx|cfg|mgr|utils?|helpers?|misc)\b/gi,
    message: 'an abbreviation or an empty name — use a noun that could be a heading',
    view: 'code',
    in: /./,
  },
  { pattern: /\bsleep\s*\(/g, message: 'sleep( — use a signal to wait for', view: 'code', in: /^test\// },
];

export function banned(source: Source): Finding[] {
  return BANS.flatMap((ban) => {
    if (!ban.in.test(source.path) || ban.except?.test(source.path)) return [];
    return [...source[ban.view].matchAll(ban.pattern)].map((match) => finding(source, match.index, ban.message));
  });
}

const SQL = [
  /^\s*SELECT\s.*\bFROM\s/is,
  /^\s*(?:INSERT|REPLACE)\s+(?:OR\s+\w+\s+)?INTO\s/i,
  /^\s*UPDATE\s+\w+\s+SET\s/i,
  /^\s*DELETE\s+FROM\s/i,
  /^\s*(?:CREATE|DROP|ALTER)\s+(?:TABLE|INDEX|UNIQUE)\b/i,
  /^\s*PRAGMA\s/i,
];

export function sqlOutsideStore(source: Source): Finding[] {
  if (!PRODUCTION.test(source.path) || source.path.startsWith('src/store/')) return [];
  const statements = source.strings.filter(({ text }) => SQL.some((pattern) => pattern.test(text)));
  return statements.map(({ offset }) =>
    finding(source, offset, 'SQL outside src/store — use a named statement behind the port'),
  );
}

export function sizes(source: Source): Finding[] {
  const lines = source.text.trimEnd().split('\n');
  const tooLong = lines.flatMap((line, index) => {
    const aString = source.path.startsWith('test/') && /^\s*(?:\w+: )?(['"`]).*\1[,;]?$/.test(line);
    if (line.length <= LINE_MAX || aString) return [];
    return [
      { path: source.path, line: index + 1, message: `a line of ${line.length} characters — use at most ${LINE_MAX}` },
    ];
  });
  if (lines.length <= FILE_LINES_MAX) return tooLong;
  const message = `a file of ${lines.length} lines — use at most ${FILE_LINES_MAX}, and split it by what it is about`;
  return [{ path: source.path, line: 1, message }, ...tooLong];
}

export function functionLengths(source: Source): Finding[] {
  if (!PRODUCTION.test(source.path)) return [];
  return functionBodies(source).flatMap(({ from, to }) => {
    if (source.path.startsWith('machines/') && source.code.slice(from, to).includes('createMachine(')) return [];
    const code = source.code.slice(from, to).split('\n');
    const uncommented = source.uncommented.slice(from, to).split('\n');
    const inStrings = code.filter((line, index) => line.trim() === '' && uncommented[index]?.trim() !== '').length;
    const count = code.length - inStrings;
    if (count <= FUNCTION_LINES_MAX) return [];
    return [
      finding(source, from, `a function of ${count} lines — use at most ${FUNCTION_LINES_MAX}, leaves made pure`),
    ];
  });
}

export function opening(source: Source): Finding[] {
  if (!PRODUCTION.test(source.path)) return [];
  const comment = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//
    .exec(source.text)?.[1]
    ?.replace(/^\s*\*/gm, '')
    .trim();
  if (comment && /^\p{Lu}[\s\S]*?[.:](?:\s|$)/u.test(comment)) return [];
  const message = 'no sentence at the beginning — use a doc comment that says what the file is for';
  return [{ path: source.path, line: 1, message }];
}

/** All rules that need no other file. */
export function checkFile(source: Source): Finding[] {
  return [banned, sqlOutsideStore, sizes, functionLengths, opening].flatMap((rule) => rule(source));
}
