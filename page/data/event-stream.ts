/** Server-sent events from a stream of text (HTML standard, section 9.2.6). A bearer token can be sent so, unlike with EventSource. */

export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

export async function* serverEvents(texts: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let rest = '';
  for await (const text of texts) {
    const blocks = (rest + text).replaceAll('\r\n', '\n').split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event !== undefined) yield event;
    }
  }
}

function parseBlock(block: string): ServerEvent | undefined {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'event') name = value;
    if (field === 'data') data.push(value);
  }
  return data.length > 0 ? { name, data: data.join('\n') } : undefined;
}

/** The text of a response, as it arrives. */
export async function* textOf(body: ReadableStream<Uint8Array>, onText: () => void): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onText();
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
