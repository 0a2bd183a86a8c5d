/** What a span waited for in total, by its attributes. */
import type { Span } from './otlp.ts';

export type SpanWait = 'client' | 'store' | 'memory' | 'connection' | 'retry' | 'queue' | 'identity';

export interface WaitPiece {
  readonly wait: SpanWait;
  readonly seconds: number;
  readonly attribute: string;
}

/** In the order in which they are drawn. */
const ATTRIBUTES: readonly (readonly [string, SpanWait])[] = [
  ['mizuchi.headers_wait_seconds', 'client'],
  ['http.request.turn_wait_seconds', 'queue'],
  ['auth.jwks_wait_seconds', 'identity'],
  ['upload.client_wait_seconds', 'client'],
  ['upload.memory_wait_seconds', 'memory'],
  ['s3.queue_seconds', 'queue'],
  ['upload.connection_wait_seconds', 'connection'],
  ['s3.connection_wait_seconds', 'connection'],
  ['auth.connection_wait_seconds', 'connection'],
  ['authz.connection_wait_seconds', 'connection'],
  ['upload.store_wait_seconds', 'store'],
];
const RETRY = 's3.retry_wait_seconds';

export function waitsOf(span: Span): WaitPiece[] {
  const values = new Map(span.attributes.map(({ key, value }) => [key, value]));
  // Of an attempt it is the pause before its span.
  const attributes = span.name === 's3.upload' ? [...ATTRIBUTES, [RETRY, 'retry'] as const] : ATTRIBUTES;
  return attributes.flatMap(([attribute, wait]) => {
    const seconds = values.get(attribute);
    return typeof seconds === 'number' && seconds > 0 ? [{ wait, seconds, attribute }] : [];
  });
}
