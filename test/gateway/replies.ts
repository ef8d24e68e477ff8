/** What the test gateway plays: one reply for each call of a model, independent of the API that is spoken. */

/** The key that the gateway accepts; every other one is answered with 401. */
export const GOOD_KEY = 'sk-town-0123456789abcdef';
/** The model that the gateway has; every other one is answered with 404. */
export const MODEL = 'yard-1';

export type Reply =
  | { readonly kind: 'say'; readonly text: string }
  /** Calls the agent's own tool for shell commands. */
  | { readonly kind: 'run'; readonly command: string }
  /** Calls a tool that the agent has from the town's MCP server. */
  | { readonly kind: 'tool'; readonly name: string; readonly input: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly message: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Never ends: no answer at all, headers only, or some text and then nothing. */
  | { readonly kind: 'hang'; readonly after: 'nothing' | 'headers' | 'text' }
  /** Breaks the connection in the middle of the answer. */
  | { readonly kind: 'cut' }
  /** A well-formed answer without any text. */
  | { readonly kind: 'empty' }
  /** Status 200 and a web page, as captive portals and proxies do. */
  | { readonly kind: 'page' }
  /** Text that ends because the answer became too long. */
  | { readonly kind: 'length'; readonly text: string };

/** What a successful answer holds, for the three dialects to write. */
export type Answer =
  | { readonly kind: 'text'; readonly text: string; readonly finish: 'stop' | 'length' }
  | { readonly kind: 'call'; readonly name: string; readonly namespace: string | null; readonly input: object };

/** The tokens that every answer costs. */
export const USAGE = { input: 100, output: 20 } as const;

/** A tool as a runtime offers it to the model. */
export type Offered = {
  readonly name: string;
  readonly namespace: string | null;
  readonly properties: readonly string[];
};

/** From a reply to the answer, in the words of the tools that the runtime offers. Null: the reply is a failure. */
export function toAnswer(reply: Reply, offered: readonly Offered[]): Answer | null {
  if (reply.kind === 'say') return { kind: 'text', text: reply.text, finish: 'stop' };
  if (reply.kind === 'length') return { kind: 'text', text: reply.text, finish: 'length' };
  if (reply.kind === 'empty') return { kind: 'text', text: '', finish: 'stop' };
  if (reply.kind === 'run') return shellCall(reply.command, offered);
  if (reply.kind !== 'tool') return null;
  const tool = offered.find(({ name }) => name === reply.name || name.endsWith(`_${reply.name}`));
  if (tool === undefined) return missing(reply.name, offered);
  return { kind: 'call', name: tool.name, namespace: tool.namespace, input: reply.input };
}

const SHELLS: readonly string[] = ['bash', 'Bash', 'exec_command', 'shell_command', 'shell', 'run_shell_command'];

function shellCall(command: string, offered: readonly Offered[]): Answer {
  const tool = offered.find(({ name }) => SHELLS.includes(name));
  if (tool === undefined) return missing('a shell', offered);
  const input: Record<string, unknown> = { [tool.properties.includes('cmd') ? 'cmd' : 'command']: command };
  if (tool.name === 'shell') input.command = ['sh', '-c', command];
  if (tool.properties.includes('description')) input.description = 'Runs a command';
  return { kind: 'call', name: tool.name, namespace: tool.namespace, input };
}

function missing(what: string, offered: readonly Offered[]): Answer {
  const names = offered.map(({ name }) => name).join(', ');
  return { kind: 'text', text: `The gateway wanted ${what}, but was offered: ${names}`, finish: 'stop' };
}
