/** Server-sent events from a stream of text (HTML standard, section 9.2.6). A bearer token can be sent so, unlike with EventSource. */

export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** In linear time, also for a document that arrives in many pieces. */
export async function* serverEvents(texts: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let rest = '';
  let block: string[] = [];
  for await (const text of texts) {
    const lines = text.split('\n');
    lines[0] = rest + lines[0];
    rest = lines.pop()!;
    for (const line of lines) {
      const content = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (content !== '') {
        block.push(content);
        continue;
      }
      const event = parseBlock(block);
      block = [];
      if (event !== undefined) yield event;
    }
  }
}

function parseBlock(lines: readonly string[]): ServerEvent | undefined {
  let name = 'message';
  const data: string[] = [];
  for (const line of lines) {
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
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
