/** The headers of a request as received, by lower-case name. The values of a repeated header stay apart, so that none is overlooked. */
import type { RawHeaders } from './span.ts';

/** Without a prototype: clients choose the names. */
export type ReceivedHeaders = Readonly<Record<string, string | readonly string[]>>;

export function receivedHeaders(rawHeaders: RawHeaders): ReceivedHeaders {
  return receive(rawHeaders).received;
}

export interface Received {
  readonly received: ReceivedHeaders;
  /** The same headers, if none is repeated; otherwise undefined. */
  readonly unrepeated: Readonly<Record<string, string>> | undefined;
}

export function receive(rawHeaders: RawHeaders): Received {
  const received: Record<string, string | string[]> = Object.create(null);
  let isRepeated = false;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    const before = received[name];
    if (before === undefined) {
      received[name] = value;
      continue;
    }
    isRepeated = true;
    if (typeof before === 'string') received[name] = [before, value];
    else before.push(value);
  }
  return { received, unrepeated: isRepeated ? undefined : (received as Record<string, string>) };
}
