/** The envelope around the spans of a batch, and what the collector answers (opentelemetry-proto, collector/trace/v1). */
import { bytesField, readFields, signedValue, tagOf, varint, WIRE } from '../../kit/protobuf.ts';
import { printable } from './result.ts';

/**
 * An ExportTraceServiceRequest with one resource and one scope.
 * @param resource the `resource` field of ResourceSpans. @param scope the `scope` field of ScopeSpans.
 * @param spans the `spans` fields of ScopeSpans.
 */
export function otlpRequest(resource: Uint8Array, scope: Uint8Array, spans: Uint8Array): Uint8Array {
  const scopeSpansLength = scope.length + spans.length;
  const scopeSpansHead = Buffer.concat([tagOf(2, WIRE.lengthDelimited), varint(BigInt(scopeSpansLength))]);
  const resourceSpansLength = resource.length + scopeSpansHead.length + scopeSpansLength;
  const resourceSpansHead = Buffer.concat([tagOf(1, WIRE.lengthDelimited), varint(BigInt(resourceSpansLength))]);
  return Buffer.concat([resourceSpansHead, resource, scopeSpansHead, scope, spans]);
}

/** What one request holds of one scope: `otlpRequest` puts it together again. */
export interface ScopePart {
  readonly resource: Uint8Array;
  readonly scope: Uint8Array;
  readonly spans: Uint8Array;
  readonly count: number;
}

/** @throws RangeError if it is no ExportTraceServiceRequest. */
export function takeApart(request: Uint8Array): ScopePart[] {
  const parts: ScopePart[] = [];
  for (const resourceSpans of messages(request, 1)) {
    const resource = Buffer.concat(messages(resourceSpans, 1).map((body) => bytesField(1, body)));
    for (const scopeSpans of messages(resourceSpans, 2)) {
      const scope = Buffer.concat(messages(scopeSpans, 1).map((body) => bytesField(1, body)));
      const spans = messages(scopeSpans, 2).map((body) => bytesField(2, body));
      parts.push({ resource, scope, spans: Buffer.concat(spans), count: spans.length });
    }
  }
  return parts;
}

function messages(message: Uint8Array, field: number): Uint8Array[] {
  return [...readFields(message)].flatMap(({ number, value }) =>
    number === field && typeof value !== 'bigint' ? [value] : [],
  );
}

export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

/** What of a success was none. An answer that cannot be read says nothing: the status already said that all is well. */
export function readPartialSuccess(response: Uint8Array): PartialSuccess {
  try {
    return partialSuccessOf(response);
  } catch {
    return { rejected: 0, message: '' };
  }
}

function partialSuccessOf(response: Uint8Array): PartialSuccess {
  let rejected = 0;
  let message = '';
  for (const { number, value } of readFields(response)) {
    if (number !== 1 || typeof value === 'bigint') continue;
    for (const inner of readFields(value)) {
      if (inner.number === 1 && typeof inner.value === 'bigint') rejected = Math.max(0, signedValue(inner.value));
      if (inner.number === 2 && typeof inner.value !== 'bigint')
        message = printable(Buffer.from(inner.value).toString());
    }
  }
  return { rejected, message };
}

/** The text of a google.rpc.Status, which collectors send with an error over HTTP as well. */
export function readStatusMessage(body: Uint8Array): string {
  try {
    for (const { number, value } of readFields(body)) {
      if (number === 2 && typeof value !== 'bigint') return printable(Buffer.from(value).toString());
    }
  } catch {
    // Not a Status: nothing to quote.
  }
  return '';
}

/** The `resource` field of ResourceSpans, or the `scope` field of ScopeSpans: number 1 in both. */
export function envelopeField(parts: readonly Uint8Array[]): Uint8Array {
  return bytesField(1, parts);
}
