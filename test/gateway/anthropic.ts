/** The Anthropic messages dialect of the test gateway. */
import { type Answer, type Offered, USAGE } from './replies.ts';

type AnthropicTool = { readonly name?: string; readonly input_schema?: { properties?: object } };

export function offeredInMessages(body: { tools?: readonly AnthropicTool[] }): Offered[] {
  return (body.tools ?? []).map(({ name = '', input_schema }) => ({
    name,
    namespace: null,
    properties: Object.keys(input_schema?.properties ?? {}),
  }));
}

const usage = { input_tokens: USAGE.input, output_tokens: USAGE.output };

function stopReason(answer: Answer): string {
  if (answer.kind === 'call') return 'tool_use';
  return answer.finish === 'length' ? 'max_tokens' : 'end_turn';
}

/** The lines of the event stream. */
export function messagesStream(answer: Answer, at: { model: string; call: number }): string[] {
  const message = { ...messagesWhole(answer, at), content: [], stop_reason: null };
  const block =
    answer.kind === 'text'
      ? { type: 'text', text: '' }
      : { type: 'tool_use', id: `toolu_${at.call}`, name: answer.name, input: {} };
  const delta =
    answer.kind === 'text'
      ? { type: 'text_delta', text: answer.text }
      : { type: 'input_json_delta', partial_json: JSON.stringify(answer.input) };
  const content = [
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
  ];
  const events = [
    { type: 'message_start', message },
    ...(answer.kind === 'text' && answer.text === '' ? [] : content),
    { type: 'message_delta', delta: { stop_reason: stopReason(answer), stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** The same answer for a caller that wants it whole. */
export function messagesWhole(answer: Answer, at: { model: string; call: number }): object {
  const content =
    answer.kind === 'text'
      ? [{ type: 'text', text: answer.text }]
      : [{ type: 'tool_use', id: `toolu_${at.call}`, name: answer.name, input: answer.input }];
  return {
    id: `msg_${at.call}`,
    type: 'message',
    role: 'assistant',
    model: at.model,
    content,
    stop_reason: stopReason(answer),
    stop_sequence: null,
    usage,
  };
}
