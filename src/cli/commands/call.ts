/** The command of a run that speaks to its town: what agents without MCP use, and scripts that are agents. */
import { text as textOf } from 'node:stream/consumers';
import { calls } from '../../callbacks/calls.ts';
import { Refused, Retryable } from '../../core/errors.ts';
import type { JsonObject } from '../../core/types.ts';
import { type CallReply, TownLine } from '../../drive/town-line.ts';
import { sentenceOf } from '../../town/words.ts';
import { exits } from '../exits.ts';
import { examples, type Registrar, withJson } from '../options.ts';
import { duration } from '../parse.ts';
import type { Shell } from '../shell.ts';

type CallOptions = {
  readonly class?: string;
  readonly title?: string;
  readonly body?: string;
  readonly dependsOnMine?: boolean;
  readonly fields?: string;
  readonly wait?: number;
  readonly json?: boolean;
};

/** How long a town that is being started again is called. */
const PATIENCE_MS = 2 * 60_000;
/** Where the words go that stand after the name of a call. */
const mainFields: Readonly<Record<string, string>> = {
  ...{ done: 'summary', failed: 'reason', progress: 'note', checkpoint: 'summary' },
  ...{ escalate: 'message', ask: 'question', create_bead: 'title' },
};

export function registerCall({ program, shell, finish }: Registrar): void {
  const list = Object.entries(calls).map(([name, { summary }]) => `  ${written(name).padEnd(14)}${summary}`);
  withJson(program.command('call <name> [words...]'))
    .summary('what a run says to its town')
    .description(
      'Speaks for the run that it is used in: first in the PATH of every run, it needs no address and no token. ' +
        'A town that is being started again is waited for. `ask` goes on waiting until a person has answered, and ' +
        'prints the answer alone.',
    )
    .option('--class <class>', 'failed: transient, work, permanent, config or needs_input')
    .option('--title <text>', 'create-bead: what is to be done, in a line')
    .option('--body <text>', 'create-bead: the rest; - reads standard input')
    .option('--depends-on-mine', 'create-bead: it can begin only when the bead of this run is closed')
    .option('--fields <json>', 'all fields of the call as JSON, in place of words and options')
    .option('--wait <duration>', 'ask: how long to wait (default: until there is an answer)', duration)
    .addHelpText('after', `\nCalls:\n${list.join('\n')}`)
    .addHelpText(
      'after',
      examples(
        "yardmaster call done 'Renamed the flag, in the docs too'",
        "yardmaster call ask 'Which database?'",
        "yardmaster call failed --class transient 'The registry is down'",
        "yardmaster call create-bead 'A broken link' --body - < found.md",
      ),
    )
    .action(async (name: string, words: readonly string[], options: CallOptions) => {
      finish(await call(shell, name, { words, options }));
    });
}

type Given = { readonly words: readonly string[]; readonly options: CallOptions };

async function call(shell: Shell, given: string, { words, options }: Given): Promise<number> {
  const name = known(given.replaceAll('-', '_'));
  const town = lineOf(shell);
  const fields = checked(name, await fieldsOf(name, words, options));
  const reply =
    name === 'ask' ? await ask(shell, town, { fields, waitMs: options.wait }) : await tell(town, name, fields);
  if (options.json) shell.out.write(`${JSON.stringify(reply, null, 2)}\n`);
  const isAnswered = (reply.settled ?? 'answered') === 'answered';
  if (!options.json) (isAnswered ? shell.out : shell.errors).write(`${reply.text ?? reply.answer}\n`);
  return isAnswered ? exits.done : exits.unfinished;
}

/** Refused `invalid` outside of a run. */
function lineOf({ env, environment }: Shell): TownLine {
  const { YARDMASTER_API_URL: url, YARDMASTER_TOKEN: token, YARDMASTER_AGENT: agent } = environment;
  const epoch = Number(environment.YARDMASTER_EPOCH);
  if (url && token && agent && epoch > 0) return new TownLine({ env, url, token, agent, epoch });
  throw new Refused(
    'invalid',
    'this is no run of a town, so there is nobody to speak for: `yardmaster call` is for agents, whose environment ' +
      'has YARDMASTER_API_URL, _TOKEN, _AGENT and _EPOCH. A person uses `yardmaster send` or `add`.',
  );
}

async function fieldsOf(name: string, words: readonly string[], options: CallOptions): Promise<JsonObject> {
  if (options.fields !== undefined) return parseFields(options.fields);
  const { title, body, dependsOnMine } = options;
  const said = words.length === 1 && words[0] === '-' ? (await textOf(process.stdin)).trim() : words.join(' ');
  const main = mainFields[name];
  if (said !== '' && main === undefined) throw new Refused('invalid', `${written(name)} takes no words`);
  return {
    ...(said !== '' && main !== undefined && { [main]: said }),
    ...(title !== undefined && { title }),
    ...(body !== undefined && { body: body === '-' ? await textOf(process.stdin) : body }),
    ...(dependsOnMine && { depends_on_mine: true }),
    ...(options.class !== undefined && { class: options.class }),
  };
}

function parseFields(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch (thrown) {
    throw new Refused('invalid', `--fields is no JSON: ${(thrown as Error).message}`);
  }
}

function known(name: string): string {
  if (Object.hasOwn(calls, name)) return name;
  const names = Object.keys(calls).map(written).join(', ');
  throw new Refused('invalid', `there is no call ${written(name)}: use ${names}`);
}

/** What is wrong is said here, in the words of the command line. Refused `invalid`. */
function checked(name: string, fields: JsonObject): JsonObject {
  const [issue] = calls[name]?.input.safeParse(fields).error?.issues ?? [];
  if (issue === undefined) return fields;
  if (issue.path[0] === mainFields[name]) {
    throw new Refused('invalid', `say it in words: yardmaster call ${written(name)} "<${mainFields[name]}>"`);
  }
  const where = issue.path.map(String).join('.') || `the call ${written(name)}`;
  throw new Refused('invalid', sentenceOf(where, issue, fields));
}

async function tell(town: TownLine, name: string, fields: JsonObject): Promise<CallReply> {
  try {
    return await town.insist(name, fields, { ms: PATIENCE_MS });
  } catch (thrown) {
    if (!(thrown instanceof Retryable)) throw thrown;
    const patience = `${PATIENCE_MS / 60_000} minutes`;
    throw new Retryable(`the town did not answer within ${patience} (${thrown.message}): call again later`, 0);
  }
}

type Question = { readonly fields: JsonObject; readonly waitMs: number | undefined };

/** The question outlives each of these calls and the town: asking the same again goes on waiting. */
async function ask({ env, errors }: Shell, town: TownLine, { fields, waitMs }: Question): Promise<CallReply> {
  const { clock } = env;
  const over = new AbortController();
  const alarm = waitMs === undefined ? null : clock.at(clock.now() + waitMs, () => over.abort());
  try {
    for (let isFirst = true; !over.signal.aborted; isFirst = false) {
      const reply = await town.insist('ask', fields, { signal: over.signal });
      if (reply.settled !== 'waiting') return reply;
      if (isFirst) errors.write('A person is asked; this goes on when they have answered.\n');
    }
  } catch (thrown) {
    if (!over.signal.aborted) throw thrown;
  } finally {
    alarm?.cancel();
  }
  return { answer: 'Nobody has answered yet. Ask the same again to go on waiting.', settled: 'waiting' };
}

function written(name: string): string {
  return name.replaceAll('_', '-');
}
