/**
 * The envelope around the items of a batch, and the collector's response (opentelemetry-proto, opentelemetry/proto/collector). The messages of
 * traces, metrics and logs have the same field numbers, so one envelope serves all three.
 */

import { bytesField, readFields, signedValue, tagOf, varint, WIRE } from '../../kit/protobuf.ts';
import { printable } from '../thread/result.ts';

/**
 * An export request with one resource and one scope.
 * @param resource all fields of ResourceSpans but the scopes. @param scope all fields of ScopeSpans but the spans. @param items fields 2 of ScopeSpans, or the same
 * of another signal.
 */
export function otlpRequest(resource: Uint8Array, scope: Uint8Array, items: Uint8Array): Uint8Array {
  const scopeLength = scope.length + items.length;
  const scopeHead = Buffer.concat([tagOf(2, WIRE.lengthDelimited), varint(BigInt(scopeLength))]);
  const resourceLength = resource.length + scopeHead.length + scopeLength;
  const resourceHead = Buffer.concat([tagOf(1, WIRE.lengthDelimited), varint(BigInt(resourceLength))]);
  return Buffer.concat([resourceHead, resource, scopeHead, scope, items]);
}

/** The part of a request that belongs to one scope: input of `otlpRequest`. */
export interface ScopePart {
  readonly resource: Uint8Array;
  readonly scope: Uint8Array;
  readonly items: Uint8Array;
  readonly count: number;
}

/** @throws RangeError if it is not an export request. */
export function takeApart(request: Uint8Array): ScopePart[] {
  const parts: ScopePart[] = [];
  for (const resourceItems of messages(request, 1)) {
    const resource = besidesItems(resourceItems);
    for (const scopeItems of messages(resourceItems, 2)) {
      const scope = besidesItems(scopeItems);
      const items = messages(scopeItems, 2).map((body) => bytesField(2, body));
      parts.push({ resource, scope, items: Buffer.concat(items), count: items.length });
    }
  }
  return parts;
}

/** The resource or the scope, and the schema URL. */
function besidesItems(message: Uint8Array): Uint8Array {
  return Buffer.concat([1, 3].flatMap((field) => messages(message, field).map((body) => bytesField(field, body))));
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

/** The partial success of a response. A response that cannot be read counts as full success, because of its status. */
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
    // Not a Status: there is no text.
  }
  return '';
}
