/**
 * Any program: it gets the prompt, works, and ends. `{prompt}` and `{promptFile}` in its arguments are replaced;
 * where there is neither, the prompt goes to its standard input. No shell sees it. It keeps the home of the town, so
 * that programs find their own logins.
 *
 * Its exit code judges it: 0 is a turn that ended well, 75 (try again later) and signals are transient, 77 (not
 * allowed), 78 (configuration), 126 and 127 are permanent, every other one is a failure of the work.
 */
import { type Conversation, converse, type TurnEnd } from '../conversation.ts';
import type { Driver } from '../driver.ts';
import { shorten } from '../failures.ts';
import type { DriverHost, DriverProcess, ProcessEnd } from '../host.ts';
import type { RunRequest } from '../port.ts';
import { endProcess, notStarted } from '../process-turn.ts';
import { probeRuntime } from '../readiness.ts';
import type { Watch } from '../watch.ts';

export const command: Driver = {
  name: 'command',
  async probe(profile, host) {
    const readiness = await probeRuntime(profile, host, { version: null, apis: [] });
    // Not every program knows `--version`: that it could be started is enough.
    const started =
      !readiness.ready && readiness.check === 'program' && !readiness.reason.includes('can not be started');
    return started ? { ready: true, version: 'unknown', notes: [readiness.reason] } : readiness;
  },
  run(request, host, signal) {
    // A command that is run once more remembers nothing of the first time: it is never told to go on.
    const limits = { ...request.profile.limits, continuationsMax: 0 };
    const once = { ...request, profile: { ...request.profile, limits } };
    return converse(once, host, { signal, open: async (_, watch) => openCommand({ request: once, host, watch }) });
  },
};

function openCommand({ request, host, watch }: { request: RunRequest; host: DriverHost; watch: Watch }): Conversation {
  let process: DriverProcess | null = null;
  const stop = async () => {
    if (process !== null) await endProcess(host, process);
  };
  return {
    session: null,
    resumed: false,
    async turn(prompt) {
      const { argv, input } = await fill(request, host, prompt);
      const { directory, profile } = request;
      const environment = { ...host.environment, ...profile.environment };
      process = host.spawn({ argv, directory, environment, input });
      watch.emit({ kind: 'accepted' });
      let last = '';
      process.onLine((line) => {
        last = line;
        watch.emit({ kind: 'output', text: line });
      });
      const end = await process.ended;
      if (end.failure !== undefined) throw notStarted(argv[0] ?? '', end.failure);
      return judgeExit(end, last);
    },
    abort: stop,
    close: stop,
  };
}

async function fill(request: RunRequest, host: DriverHost, prompt: string) {
  const written = [...request.profile.program, ...request.profile.arguments];
  const promptFile = `${request.home}/.yardmaster/prompt.txt`;
  const mentions = (name: string) => written.some((argument) => argument.includes(name));
  if (mentions('{promptFile}')) await host.writeFile(promptFile, prompt);
  const named = mentions('{prompt}') || mentions('{promptFile}');
  const values: Readonly<Record<string, string>> = { '{prompt}': prompt, '{promptFile}': promptFile };
  // One pass, so that what the prompt says is never a placeholder.
  const argv = written.map((argument) => argument.replace(/\{prompt(?:File)?\}/g, (name) => values[name] ?? name));
  return { argv, input: named ? '' : prompt };
}

const transientCodes: ReadonlySet<number> = new Set([75]);
const permanentCodes: ReadonlySet<number> = new Set([77, 78, 126, 127]);

function judgeExit({ code, signal }: ProcessEnd, last: string): TurnEnd {
  if (code === 0) return { kind: 'answered' };
  const why = `the command ended with ${signal ?? `code ${code}`}${last === '' ? '' : `: ${shorten(last)}`}`;
  const reason = shorten(why);
  if (signal !== null || (code !== null && transientCodes.has(code)))
    return { kind: 'failed', failure: 'transient', reason };
  const failure = code !== null && permanentCodes.has(code) ? 'permanent' : 'work';
  return { kind: 'failed', failure, reason };
}
