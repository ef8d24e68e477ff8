/** Reads a stream of server-sent events as the town writes it, with line feeds alone. */

export type ServerEvent = { readonly id: string | null; readonly event: string; readonly data: string };

/** The events of a body, until it ends. Comments are passed over. */
export async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const piece of body) {
    const blocks = `${rest}${decoder.decode(piece, { stream: true })}`.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event) yield event;
    }
  }
}

function parseBlock(block: string): ServerEvent | null {
  const data: string[] = [];
  let id: string | null = null;
  let event = 'message';
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^(\w+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === 'data') data.push(value);
    if (field === 'id') id = value;
    if (field === 'event') event = value;
  }
  return data.length === 0 ? null : { id, event, data: data.join('\n') };
}
