/** The OpenAI chat completions dialect of the test gateway. */
import { type Answer, type Offered, USAGE } from './replies.ts';

type ChatTool = { readonly function?: { readonly name?: string; readonly parameters?: { properties?: object } } };

export function offeredInChat(body: { tools?: readonly ChatTool[] }): Offered[] {
  return (body.tools ?? []).map((tool) => ({
    name: tool.function?.name ?? '',
    namespace: null,
    properties: Object.keys(tool.function?.parameters?.properties ?? {}),
  }));
}

const usage = {
  prompt_tokens: USAGE.input,
  completion_tokens: USAGE.output,
  total_tokens: USAGE.input + USAGE.output,
};

/** The lines of the event stream. */
export function chatStream(answer: Answer, at: { model: string; call: number }): string[] {
  const chunk = (delta: object, finish: string | null = null) => ({
    id: `chat-${at.call}`,
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: at.model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const begin = chunk({ role: 'assistant', content: '' });
  const data =
    answer.kind === 'text'
      ? [...(answer.text === '' ? [] : [chunk({ content: answer.text })]), chunk({}, answer.finish)]
      : [chunk({ tool_calls: [toolCall(answer, at.call)] }), chunk({}, 'tool_calls')];
  const end = { ...chunk({}), choices: [], usage };
  return [...[begin, ...data, end].map((value) => `data: ${JSON.stringify(value)}\n\n`), 'data: [DONE]\n\n'];
}

/** The same answer for a caller that wants it whole. */
export function chatWhole(answer: Answer, at: { model: string; call: number }): object {
  const message =
    answer.kind === 'text'
      ? { role: 'assistant', content: answer.text }
      : { role: 'assistant', content: null, tool_calls: [toolCall(answer, at.call)] };
  const finish = answer.kind === 'text' ? answer.finish : 'tool_calls';
  return {
    id: `chat-${at.call}`,
    object: 'chat.completion',
    created: 1_700_000_000,
    model: at.model,
    choices: [{ index: 0, message, finish_reason: finish }],
    usage,
  };
}

function toolCall(answer: Answer & { kind: 'call' }, call: number) {
  const { name, input } = answer;
  return { index: 0, id: `call_${call}`, type: 'function', function: { name, arguments: JSON.stringify(input) } };
}
