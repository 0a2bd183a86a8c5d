/** Attributes as OTLP's `KeyValue` and `AnyValue` (opentelemetry-proto, common/v1/common.proto). */

import { ByteWriter } from '../../kit/byte-writer.ts';
import { bytesField, doubleField, intField } from '../../kit/protobuf.ts';
import { type EncodedKey, KeyCache } from './key-cache.ts';

/** Receives the attributes of a list one by one. */
export interface AttributeVisitor {
  /** @param value of the kinds that AnyValue knows, within the limits. */
  attribute(key: string, value: unknown): void;
}

/** A list of attributes with its limits applied. */
export interface VisitedAttributes {
  /** @returns how many were left out. */
  visit(visitor: AttributeVisitor): number;
}

const KEY_FIELD = 1;
const VALUE = 0x12;
/** Field numbers of AnyValue. */
const ANY = { string: 1, bool: 2, int: 3, double: 4, array: 5, map: 6, bytes: 7 } as const;
const ANY_TAG = { string: 0x0a, bool: 0x10, int: 0x18, double: 0x21 } as const;
/** More than the tags and lengths around a value of one attribute take. */
const AROUND = 48;
const FIRST_BYTES = 1024;

export class AttributeEncoder implements AttributeVisitor {
  readonly #keys: KeyCache;
  /** Where the attributes of a list go, while they are encoded. */
  #out: ByteWriter | undefined;
  #tag = 0;

  /** @param doubles keys whose numbers are always doubles: the type of an attribute must not depend on its value. */
  constructor(doubles: ReadonlySet<string>) {
    this.#keys = new KeyCache(KEY_FIELD, doubles);
  }

  /** @param tag of the repeated KeyValue in its message. @param droppedTag of the count of attributes that were left out. */
  encode(out: ByteWriter, attributes: VisitedAttributes, tag: number, droppedTag: number): void {
    this.#out = out;
    this.#tag = tag;
    const dropped = attributes.visit(this);
    if (dropped === 0) return;
    out.reserve(AROUND);
    out.byte(droppedTag);
    out.varint(dropped);
  }

  attribute(name: string, value: unknown): void {
    this.write(this.#out!, this.#tag, this.#keys.get(name), value);
  }

  key(name: string): EncodedKey {
    return this.#keys.get(name);
  }

  /** One attribute. @param value of the kinds that AnyValue knows. @throws TooLarge */
  write(out: ByteWriter, tag: number, key: EncodedKey, value: unknown): void {
    beforeValue(out, tag, key);
    this.value(out, key, value);
  }

  /** The rest of an attribute, directly after what `before` has made for its key. @throws TooLarge */
  value(out: ByteWriter, { field, double }: EncodedKey, value: unknown): void {
    const start = out.length;
    out.reserve(AROUND);
    if (typeof value === 'string') {
      out.byte(ANY_TAG.string);
      out.text(value);
    } else if (typeof value === 'number') number(out, value, double);
    else if (typeof value === 'boolean') {
      out.byte(ANY_TAG.bool);
      out.byte(value ? 1 : 0);
    } else out.append(anyValue(value));
    out.closeShort(start);
    out.closeShort(start - VALUE_HEAD - field.length);
  }

  /** Several attributes, and the beginning of one more: bytes to copy. */
  before(tag: number, attributes: readonly (readonly [EncodedKey, unknown])[], next?: EncodedKey): Uint8Array {
    const out = new ByteWriter(FIRST_BYTES, Number.POSITIVE_INFINITY);
    for (const [key, value] of attributes) this.write(out, tag, key, value);
    if (next !== undefined) beforeValue(out, tag, next);
    return new Uint8Array(out.bytes.subarray(0, out.length));
  }
}

/** The tag of the value, and one byte for its length. */
const VALUE_HEAD = 2;

/** An attribute up to its AnyValue, with one byte for each of the two lengths, which are written when the value has been. */
function beforeValue(out: ByteWriter, tag: number, { field }: EncodedKey): void {
  out.reserve(field.length + AROUND);
  out.byte(tag);
  out.byte(0);
  out.append(field);
  out.byte(VALUE);
  out.byte(0);
}

function number(out: ByteWriter, value: number, double: boolean): void {
  if (double || !Number.isSafeInteger(value)) {
    out.byte(ANY_TAG.double);
    out.double(value);
  } else if (value >= 0) {
    out.byte(ANY_TAG.int);
    out.varint(value);
  } else out.append(anyValue(value));
}

/** Kinds that spans seldom hold: built piece by piece. An empty message is the empty value. */
function anyValue(value: unknown): Uint8Array {
  if (typeof value === 'string') return bytesField(ANY.string, value);
  if (typeof value === 'boolean') return intField(ANY.bool, value ? 1 : 0);
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? intField(ANY.int, value) : doubleField(ANY.double, value);
  }
  if (value instanceof Uint8Array) return bytesField(ANY.bytes, value);
  if (Array.isArray(value)) {
    return bytesField(
      ANY.array,
      value.map((item) => bytesField(1, anyValue(item))),
    );
  }
  if (value === null || typeof value !== 'object') return new Uint8Array();
  const entries = Object.entries(value).map(([key, item]) => keyValue(key, item));
  return bytesField(
    ANY.map,
    entries.map((entry) => bytesField(1, entry)),
  );
}

/** One KeyValue message, without its own tag; for attributes that are encoded once. */
export function keyValue(key: string, value: unknown): Uint8Array {
  return Buffer.concat([bytesField(KEY_FIELD, key), bytesField(2, anyValue(value))]);
}
