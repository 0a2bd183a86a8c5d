/** Sends a request without a body through the stages of a gateway in this process, without a connection. */
import { Readable } from 'node:stream';
import { receivedHeaders } from '../../domain/received-headers.ts';
import { NO_SPAN } from '../../domain/span.ts';
import type { Incoming, Reply } from '../../domain/stages.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { newRecord, type RequestRecord } from '../../gateway/stages.ts';

export interface InProcessRequest {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly query?: Incoming['query'];
  /** Lower-case names. */
  readonly headers?: Incoming['headers'];
  readonly signal?: AbortSignal;
}

/** @param record what the stages find out about the request. @throws Failure for every outcome but success. */
export async function sendInProcess(
  gateway: Gateway,
  { method, path: rawPath, query = [], headers = {}, signal = new AbortController().signal }: InProcessRequest,
  record: RequestRecord = newRecord(),
): Promise<Reply> {
  const routable = { method, rawPath, hostBucket: undefined, query, headers };
  const incoming: Incoming = {
    ...routable,
    id: 'in-process',
    received: receivedHeaders(Object.entries(headers).flat()),
    clientAddress: undefined,
    scheme: 'http',
    body: { length: 0, open: () => Readable.from([]), take: async () => undefined },
    signal,
    span: NO_SPAN,
    keepWaiting() {},
  };
  return gateway.route(routable).handle(incoming, record);
}
