/** The OpenAI responses dialect of the test gateway. */
import { type Answer, type Offered, USAGE } from './replies.ts';

type ResponsesTool = {
  readonly type?: string;
  readonly name?: string;
  readonly parameters?: { properties?: object };
  readonly tools?: readonly ResponsesTool[];
};

/** Tools of an MCP server come together in a namespace. */
export function offeredInResponses(body: { tools?: readonly ResponsesTool[] }): Offered[] {
  const flat = (tools: readonly ResponsesTool[], namespace: string | null): Offered[] =>
    tools.flatMap((tool) =>
      tool.type === 'namespace'
        ? flat(tool.tools ?? [], tool.name ?? null)
        : [{ name: tool.name ?? '', namespace, properties: Object.keys(tool.parameters?.properties ?? {}) }],
    );
  return flat(body.tools ?? [], null);
}

const usage = {
  input_tokens: USAGE.input,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: USAGE.output,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: USAGE.input + USAGE.output,
};

/** The lines of the event stream. */
export function responsesStream(answer: Answer, at: { model: string; call: number }): string[] {
  const response = { id: `resp_${at.call}`, object: 'response', model: at.model, status: 'in_progress', output: [] };
  const item = toItem(answer, at.call);
  const incomplete = answer.kind === 'text' && answer.finish === 'length';
  const end = incomplete
    ? { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
    : { status: 'completed' };
  const events = [
    { type: 'response.created', response },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.output_item.done', output_index: 0, item },
    {
      type: incomplete ? 'response.incomplete' : 'response.completed',
      response: { ...response, ...end, output: [item], usage },
    },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

function toItem(answer: Answer, call: number): object {
  if (answer.kind === 'text') {
    return {
      id: `msg_${call}`,
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: answer.text, annotations: [] }],
    };
  }
  return {
    id: `fc_${call}`,
    type: 'function_call',
    call_id: `call_${call}`,
    name: answer.name,
    ...(answer.namespace === null ? {} : { namespace: answer.namespace }),
    arguments: JSON.stringify(answer.input),
    status: 'completed',
  };
}
