/**
 * Reading and writing Protocol Buffers by field number, without message definitions (protobuf.dev, "Encoding").
 * For small messages and for readers that know what they look for; hot paths write their own bytes.
 */

export const WIRE = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const;

export interface Field {
  readonly number: number;
  /** An integer field (`varint`, `fixed32`, `fixed64`) as its unsigned bits, or the bytes of a length-delimited one. */
  readonly value: bigint | Uint8Array;
}

/**
 * The fields of one message in their order.
 * @throws RangeError if the bytes are not a message: truncated, or with a wire type that is no longer in use.
 */
export function* readFields(message: Uint8Array): Generator<Field> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  while (at < message.length) {
    const [tag, afterTag] = readVarint(message, at);
    const number = Number(tag >> 3n);
    if (number === 0) throw new RangeError('protobuf: field number 0');
    const [value, next] = readValue(message, view, Number(tag & 7n), afterTag);
    at = next;
    yield { number, value };
  }
}

function readValue(message: Uint8Array, view: DataView, wire: number, at: number): [bigint | Uint8Array, number] {
  if (wire === WIRE.varint) return readVarint(message, at);
  if (wire === WIRE.fixed64) return [view.getBigUint64(at, true), at + 8];
  if (wire === WIRE.fixed32) return [BigInt(view.getUint32(at, true)), at + 4];
  if (wire !== WIRE.lengthDelimited) throw new RangeError(`protobuf: wire type ${wire}`);
  const [length, start] = readVarint(message, at);
  const end = start + Number(length);
  if (end > message.length) throw new RangeError('protobuf: truncated');
  return [message.subarray(start, end), end];
}

function readVarint(message: Uint8Array, start: number): [bigint, number] {
  let value = 0n;
  for (let at = start; at < start + 10; at++) {
    const byte = message[at];
    if (byte === undefined) throw new RangeError('protobuf: truncated');
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - start));
    if (byte < 0x80) return [BigInt.asUintN(64, value), at + 1];
  }
  throw new RangeError('protobuf: a varint of more than ten bytes');
}

/** The value of an `int32`, `int64` or `bool` field as a signed number; exact up to 2^53. */
export function signedValue(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

/** The value of a `double` field. */
export function doubleValue(value: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value);
  return view.getFloat64(0);
}

/** One length-delimited field: bytes as they are, text in UTF-8, or a message given as its encoded fields. */
export function bytesField(number: number, content: Uint8Array | string | readonly Uint8Array[]): Uint8Array {
  const body = Array.isArray(content) ? Buffer.concat(content) : Buffer.from(content as Uint8Array);
  return Buffer.concat([tagOf(number, WIRE.lengthDelimited), varint(BigInt(body.length)), body]);
}

/** One `int32`, `int64`, `uint64`, `bool` or enum field. @param value an integer. */
export function intField(number: number, value: number | bigint): Uint8Array {
  return Buffer.concat([tagOf(number, WIRE.varint), varint(BigInt(value))]);
}

/** One `double` field. */
export function doubleField(number: number, value: number): Uint8Array {
  const body = Buffer.alloc(8);
  body.writeDoubleLE(value);
  return Buffer.concat([tagOf(number, WIRE.fixed64), body]);
}

/** The tag before a field of this number. */
export function tagOf(number: number, wire: number): Uint8Array {
  return varint(BigInt(number * 8 + wire));
}

/** Negative numbers as their 64-bit two's complement. */
export function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
