/**
 * OTLP's messages for traces, converted between Protocol Buffers and OTLP JSON (opentelemetry-proto, "JSON Protobuf
 * Encoding": ids in hex digits, enums as numbers, 64-bit integers as text). One table says what the messages hold, and serves both ways.
 */
import type { OtlpTraces } from '../../domain/recorded-requests.ts';
import { doubleField, doubleValue, intField, readFields, tagOf, varint, WIRE } from '../../kit/protobuf.ts';

type Scalar = 'text' | 'hex' | 'base64' | 'int' | 'int64' | 'bool' | 'double' | 'fixed32' | 'fixed64';
type Member = readonly [number: number, name: string, kind: Scalar | MessageName, repeated?: 'repeated'];

const MESSAGES = {
  Request: [[1, 'resourceSpans', 'ResourceSpans', 'repeated']],
  ResourceSpans: [
    [1, 'resource', 'Resource'],
    [2, 'scopeSpans', 'ScopeSpans', 'repeated'],
    [3, 'schemaUrl', 'text'],
  ],
  Resource: [
    [1, 'attributes', 'KeyValue', 'repeated'],
    [2, 'droppedAttributesCount', 'int'],
  ],
  ScopeSpans: [
    [1, 'scope', 'Scope'],
    [2, 'spans', 'Span', 'repeated'],
    [3, 'schemaUrl', 'text'],
  ],
  Scope: [
    [1, 'name', 'text'],
    [2, 'version', 'text'],
    [3, 'attributes', 'KeyValue', 'repeated'],
    [4, 'droppedAttributesCount', 'int'],
  ],
  Span: [
    [1, 'traceId', 'hex'],
    [2, 'spanId', 'hex'],
    [3, 'traceState', 'text'],
    [4, 'parentSpanId', 'hex'],
    [5, 'name', 'text'],
    [6, 'kind', 'int'],
    [7, 'startTimeUnixNano', 'fixed64'],
    [8, 'endTimeUnixNano', 'fixed64'],
    [9, 'attributes', 'KeyValue', 'repeated'],
    [10, 'droppedAttributesCount', 'int'],
    [11, 'events', 'Event', 'repeated'],
    [12, 'droppedEventsCount', 'int'],
    [13, 'links', 'Link', 'repeated'],
    [14, 'droppedLinksCount', 'int'],
    [15, 'status', 'Status'],
    [16, 'flags', 'fixed32'],
  ],
  Event: [
    [1, 'timeUnixNano', 'fixed64'],
    [2, 'name', 'text'],
    [3, 'attributes', 'KeyValue', 'repeated'],
    [4, 'droppedAttributesCount', 'int'],
  ],
  Link: [
    [1, 'traceId', 'hex'],
    [2, 'spanId', 'hex'],
    [3, 'traceState', 'text'],
    [4, 'attributes', 'KeyValue', 'repeated'],
    [5, 'droppedAttributesCount', 'int'],
    [6, 'flags', 'fixed32'],
  ],
  Status: [
    [2, 'message', 'text'],
    [3, 'code', 'int'],
  ],
  KeyValue: [
    [1, 'key', 'text'],
    [2, 'value', 'AnyValue'],
  ],
  AnyValue: [
    [1, 'stringValue', 'text'],
    [2, 'boolValue', 'bool'],
    [3, 'intValue', 'int64'],
    [4, 'doubleValue', 'double'],
    [5, 'arrayValue', 'ArrayValue'],
    [6, 'kvlistValue', 'KeyValueList'],
    [7, 'bytesValue', 'base64'],
  ],
  ArrayValue: [[1, 'values', 'AnyValue', 'repeated']],
  KeyValueList: [[1, 'values', 'KeyValue', 'repeated']],
} as const satisfies Record<string, readonly (readonly [number, string, string, 'repeated'?])[]>;

type MessageName = keyof typeof MESSAGES;
type Json = { [name: string]: unknown };

/** @param request an ExportTraceServiceRequest. @returns one line, without a line feed. @throws RangeError if it is not one. */
export function requestToJson(request: Uint8Array): string {
  return JSON.stringify(toJson('Request', request));
}

/** The same as a value. It has one resource and one scope at least, as `otlpRequest` writes it. */
export function requestAsJson(request: Uint8Array): OtlpTraces {
  return toJson('Request', request) as unknown as OtlpTraces;
}

/** @returns the ExportTraceServiceRequest, and how many spans are in it. @throws Error that names the malformed value. */
export function requestFromJson(line: string): { readonly request: Uint8Array; readonly spans: number } {
  const json: unknown = JSON.parse(line);
  const request = fromJson('Request', json, 'the line');
  return { request, spans: countSpans(json as Json) };
}

function countSpans(json: Json): number {
  const of = (parent: unknown, name: string): Json[] => ((parent as Json)[name] as Json[] | undefined) ?? [];
  return of(json, 'resourceSpans')
    .flatMap((each) => of(each, 'scopeSpans'))
    .reduce((sum, each) => sum + of(each, 'spans').length, 0);
}

function toJson(message: MessageName, bytes: Uint8Array): Json {
  const json: Json = {};
  for (const { number, value } of readFields(bytes)) {
    const member = membersOf(message).find(([its]) => its === number);
    if (member === undefined) continue;
    const [, name, kind, repeated] = member;
    const item = isScalar(kind) ? SCALARS[kind].toJson(value as never) : toJson(kind, value as Uint8Array);
    if (repeated === undefined) json[name] = item;
    else ((json[name] ??= []) as unknown[]).push(item);
  }
  return json;
}

/** @param where of the value in the document, for the error. */
function fromJson(message: MessageName, json: unknown, where: string): Uint8Array {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new TypeError(`${where} is not an object`);
  const fields: Uint8Array[] = [];
  for (const [number, name, kind, repeated] of membersOf(message)) {
    const value = (json as Json)[name];
    if (value === undefined || value === null) continue;
    const place = `${where}.${name}`;
    if (repeated !== undefined && !Array.isArray(value)) throw new TypeError(`${place} is not a list`);
    for (const item of repeated === undefined ? [value] : (value as unknown[])) {
      fields.push(
        isScalar(kind) ? scalarField(number, kind, item, place) : nested(number, fromJson(kind, item, place)),
      );
    }
  }
  return Buffer.concat(fields);
}

const membersOf = (message: MessageName): readonly Member[] => MESSAGES[message];
const isScalar = (kind: string): kind is Scalar => kind in SCALARS;

function scalarField(number: number, kind: Scalar, item: unknown, place: string): Uint8Array {
  const field = SCALARS[kind].toField(number, item);
  if (field === undefined) throw new TypeError(`${place} has the wrong type`);
  return field;
}

function nested(number: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([tagOf(number, WIRE.lengthDelimited), varint(BigInt(body.length)), body]);
}

interface ScalarKind {
  toJson(value: never): unknown;
  /** Undefined for a value that does not fit. */
  toField(number: number, item: unknown): Uint8Array | undefined;
}

const SCALARS: Readonly<Record<Scalar, ScalarKind>> = {
  text: {
    toJson: (value: Uint8Array) => Buffer.from(value).toString(),
    toField: (number, item) => (typeof item === 'string' ? nested(number, Buffer.from(item)) : undefined),
  },
  hex: {
    toJson: (value: Uint8Array) => Buffer.from(value).toString('hex'),
    toField: (number, item) =>
      typeof item === 'string' && /^([0-9a-f]{2})*$/i.test(item) ? nested(number, Buffer.from(item, 'hex')) : undefined,
  },
  base64: {
    toJson: (value: Uint8Array) => Buffer.from(value).toString('base64'),
    toField: (number, item) => (typeof item === 'string' ? nested(number, Buffer.from(item, 'base64')) : undefined),
  },
  int: {
    toJson: (value: bigint) => Number(BigInt.asIntN(64, value)),
    toField: (number, item) => (Number.isSafeInteger(item) ? intField(number, item as number) : undefined),
  },
  int64: {
    toJson: (value: bigint) => String(BigInt.asIntN(64, value)),
    toField: (number, item) => (isWhole(item) ? intField(number, BigInt(item)) : undefined),
  },
  bool: {
    toJson: (value: bigint) => value !== 0n,
    toField: (number, item) => (typeof item === 'boolean' ? intField(number, item ? 1 : 0) : undefined),
  },
  double: {
    toJson: (value: bigint) => jsonNumber(doubleValue(value)),
    toField: (number, item) =>
      typeof item === 'number' || NOT_FINITE.has(String(item)) ? doubleField(number, Number(item)) : undefined,
  },
  fixed32: {
    toJson: (value: bigint) => Number(value),
    toField: (number, item) => (isWhole(item) ? fixed(number, WIRE.fixed32, 4, BigInt(item)) : undefined),
  },
  fixed64: {
    toJson: (value: bigint) => String(value),
    toField: (number, item) => (isWhole(item) ? fixed(number, WIRE.fixed64, 8, BigInt(item)) : undefined),
  },
};

/** JSON has no words for these; Protocol Buffers' JSON writes them as text. */
const NOT_FINITE = new Set(['NaN', 'Infinity', '-Infinity']);
const jsonNumber = (value: number): unknown => (Number.isFinite(value) ? value : String(value));

function isWhole(item: unknown): item is string | number {
  return Number.isSafeInteger(item) || (typeof item === 'string' && /^-?\d{1,20}$/.test(item));
}

function fixed(number: number, wire: number, size: 4 | 8, value: bigint): Uint8Array {
  const body = Buffer.alloc(8);
  body.writeBigUInt64LE(BigInt.asUintN(64, value));
  return Buffer.concat([tagOf(number, wire), body.subarray(0, size)]);
}
