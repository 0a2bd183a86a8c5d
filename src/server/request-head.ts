/**
 * Checks the request line and headers. Requests that node:http accepts, but two parsers could interpret differently, are
 * rejected here, and the connection is closed.
 */
import type { IncomingMessage } from 'node:http';
import { Failure } from '../domain/failure.ts';
import { type ReceivedHeaders, receive } from '../domain/received-headers.ts';
import type { RawHeaders } from '../domain/span.ts';
import type { Target } from '../domain/stages.ts';
import { parseTarget, type RequestTarget } from './request-target.ts';
import type { HostBucketOf } from './virtual-hosts.ts';

export interface RequestHead {
  readonly target: Target;
  /** Decoded parameters. */
  readonly query: RequestTarget['query'];
  readonly headers: Readonly<Record<string, string>>;
  readonly received: ReceivedHeaders;
  /** Bytes; undefined with Transfer-Encoding: chunked, 0 without a body. */
  readonly bodyLength: number | undefined;
}

/** Headers that may occur several times; their values are joined (RFC 9110, section 5.3). Others must occur once. */
const LIST_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'baggage',
  'cache-control',
  'connection',
  'cookie',
  'forwarded',
  'pragma',
  'te',
  'traceparent',
  'tracestate',
  'via',
  'warning',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

/** @throws Failure bad_request or invalid_uri. */
export function readHead(request: IncomingMessage, hostBucketOf: HostBucketOf): RequestHead {
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0') {
    throw new Failure('bad_request', 'The HTTP version is not supported. Use HTTP/1.1 or HTTP/1.0.');
  }
  const { received, unrepeated } = receive(request.rawHeaders);
  const headers = unrepeated ?? singleHeaders(request.rawHeaders);
  if (request.httpVersion === '1.1' && headers.host === undefined) {
    throw new Failure('bad_request', 'The Host header is missing.');
  }
  const bodyLength = lengthOfBody(headers, request.httpVersion);
  const { path: rawPath, query } = parseTarget(request.url ?? '');
  return { target: { rawPath, hostBucket: hostBucketOf(headers.host) }, query, headers, received, bodyLength };
}

/** With the lists joined. @throws Failure bad_request for another header that is repeated. */
function singleHeaders(raw: RawHeaders): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const value = raw[i + 1]!;
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (LIST_HEADERS.has(name)) headers[name] = `${before}, ${value}`;
    else throw new Failure('bad_request', `The header ${name.slice(0, 80)} occurs twice.`);
  }
  return headers;
}

/** RFC 9112, section 6: one framing only. node:http rejects Content-Length together with Transfer-Encoding. */
function lengthOfBody(headers: RequestHead['headers'], version: string): number | undefined {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined) {
    if (version !== '1.1' || coding.trim().toLowerCase() !== 'chunked') {
      throw new Failure('bad_request', 'The Transfer-Encoding is not supported. Use chunked with HTTP/1.1.');
    }
    return undefined;
  }
  const length = headers['content-length'];
  if (length === undefined) return 0;
  if (!/^\d{1,15}$/.test(length)) throw new Failure('bad_request', 'Content-Length is not a number.');
  return Number(length);
}
