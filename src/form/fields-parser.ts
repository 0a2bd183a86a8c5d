/**
 * Reads a form from its first byte to the head of its file, in pieces of any size, and holds no more than the fields may
 * be large. The file must come last (Amazon S3 API Reference, "POST Object"), so by then all the form asks for is known.
 */
import { BoundedBuffer } from '../kit/bounded-buffer.ts';
import type { Boundary } from './boundary.ts';
import { parsePartHead } from './part-headers.ts';
import { formRefused, MAX_FIELD_BYTES, MAX_FIELDS } from './refusals.ts';

const CRLF = Buffer.from('\r\n');
const EMPTY_LINE = Buffer.from('\r\n\r\n');
const [HYPHEN, SPACE, TAB] = [0x2d, 0x20, 0x09];
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type Expected = 'opening' | 'after-delimiter' | 'head' | 'value';

export class FieldsParser {
  /** Lower-case names, each once, in their order. */
  readonly fields = new Map<string, string>();
  /** What the client calls its file; empty if it says nothing. */
  fileName = '';
  readonly #boundary: Boundary;
  /** All bytes so far; room for a file's first ones is not kept. */
  readonly #held = new BoundedBuffer(MAX_FIELD_BYTES);
  /** Where the next piece of the form begins. */
  #at = 0;
  /** Up to where nothing was found when it was last looked for. */
  #searched = 0;
  #expected: Expected = 'opening';
  #name = '';

  constructor(boundary: Boundary) {
    this.#boundary = boundary;
  }

  /**
   * @returns the first bytes of the file, a view into `bytes`, once its head is over; undefined until then.
   * @throws Failure form_refused.
   */
  write(bytes: Buffer): Buffer | undefined {
    const before = this.#held.length;
    this.#held.add(bytes.subarray(0, MAX_FIELD_BYTES - before));
    while (this.#step()) {
      if (this.#expected === 'value' && this.#name === 'file') return bytes.subarray(this.#at - before);
    }
    if (before + bytes.length > MAX_FIELD_BYTES) throw formRefused('fields_too_large');
    return undefined;
  }

  /** How many bytes came before the file's first one. */
  get fileStart(): number {
    return this.#at;
  }

  /** @returns whether something was read, so that there may be more. */
  #step(): boolean {
    if (this.#expected === 'opening') return this.#readOpening();
    if (this.#expected === 'after-delimiter') return this.#readAfterDelimiter();
    if (this.#expected === 'head') return this.#readHead();
    return this.#readValue();
  }

  /** The first delimiter needs no CRLF before it. A preamble is none of a form's business. */
  #readOpening(): boolean {
    const { delimiter } = this.#boundary;
    const { bytes } = this.#held;
    const start = bytes.length > 0 && bytes[0] !== CRLF[0] ? CRLF.length : 0;
    const known = Math.min(delimiter.length - start, bytes.length);
    if (!delimiter.subarray(start, start + known).equals(bytes.subarray(0, known))) throw formRefused('no_delimiter');
    if (known < delimiter.length - start) return false;
    return this.#expect('after-delimiter', known);
  }

  #readAfterDelimiter(): boolean {
    const [first, second] = this.#held.bytes.subarray(this.#at);
    if (first === HYPHEN && second === HYPHEN) throw formRefused('no_file');
    const end = this.#find(CRLF);
    if (end < 0) return false;
    if (!this.#held.bytes.subarray(this.#at, end).every((byte) => byte === SPACE || byte === TAB))
      throw formRefused('malformed_part');
    // The CRLF stays: with it, a head of no lines ends like every other.
    return this.#expect('head', end);
  }

  #readHead(): boolean {
    const end = this.#find(EMPTY_LINE);
    if (end < 0) return false;
    const { name, fileName = '' } = parsePartHead(this.#textBetween(this.#at + CRLF.length, end));
    if (this.fields.has(name)) throw formRefused('duplicate_field');
    if (this.fields.size >= MAX_FIELDS && name !== 'file') throw formRefused('too_many_fields');
    if (name === 'file') this.fileName = fileName;
    this.#name = name;
    return this.#expect('value', end + EMPTY_LINE.length);
  }

  #readValue(): boolean {
    const end = this.#find(this.#boundary.delimiter);
    if (end < 0) return false;
    this.fields.set(this.#name, this.#textBetween(this.#at, end));
    return this.#expect('after-delimiter', end + this.#boundary.delimiter.length);
  }

  #expect(next: Expected, at: number): true {
    this.#expected = next;
    this.#at = at;
    this.#searched = at;
    return true;
  }

  #find(wanted: Buffer): number {
    const { bytes } = this.#held;
    const found = bytes.indexOf(wanted, this.#searched);
    if (found < 0) this.#searched = Math.max(this.#at, bytes.length - wanted.length + 1);
    return found;
  }

  #textBetween(from: number, to: number): string {
    try {
      return UTF8.decode(this.#held.bytes.subarray(from, Math.max(from, to)));
    } catch {
      throw formRefused('not_utf8');
    }
  }
}
