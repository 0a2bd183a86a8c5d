/**
 * A growing buffer with the parts of Protocol Buffers that OTLP and Prometheus need. It is the hot path of tracing.
 */

/** Zero of a clock in Unix nanoseconds, as two words of 32 bits. */
export interface UnixZero {
  readonly high: number;
  readonly low: number;
}

/** Thrown by `reserve`; the content does not fit the writer's limit. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/** Texts up to this many characters are written before their length is known, which mostly takes one byte. */
const SHORT = 96;
/** What a hex digit stands for, by its character code. */
const NIBBLE: Uint8Array = new Uint8Array(128);
for (let digit = 0; digit < 16; digit++) NIBBLE[digit.toString(16).charCodeAt(0)] = digit;

export class ByteWriter {
  bytes!: Buffer<ArrayBuffer>;
  length = 0;
  readonly #limit: number;
  #view!: DataView;

  /** @param limit the most bytes that it may ever hold. */
  constructor(size: number, limit: number) {
    this.#limit = limit;
    this.#use(Buffer.allocUnsafeSlow(size));
  }

  /**
   * What has been written, and the writer is empty again. It gives its memory away where at least half of that is used, and a copy else.
   * @param next what it writes into from then on, if it has given its memory away.
   */
  take(next: () => ArrayBuffer = () => new ArrayBuffer(this.bytes.length)): Uint8Array<ArrayBuffer> {
    const { bytes, length } = this;
    this.length = 0;
    if (2 * length < bytes.length) return new Uint8Array(bytes.subarray(0, length));
    this.#use(Buffer.from(next()));
    return new Uint8Array(bytes.buffer, bytes.byteOffset, length);
  }

  /** Makes room; every other method relies on it. @throws TooLarge */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    if (needed > this.#limit) throw new TooLarge();
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(needed, 2 * this.bytes.length)));
    this.bytes.copy(grown, 0, 0, this.length);
    this.#use(grown);
  }

  #use(bytes: Buffer<ArrayBuffer>): void {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** Up to 8 bytes. @param value an integer from 0 to 2^53 − 1. */
  varint(value: number): void {
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.bytes[this.length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.bytes[this.length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  append(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  /** A trace or span id. */
  hex(digits: string): void {
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < digits.length; i += 2) {
      bytes[at++] = (NIBBLE[digits.charCodeAt(i)]! << 4) | NIBBLE[digits.charCodeAt(i + 1)]!;
    }
    this.length = at;
  }

  /** Two numbers of 32 bits, the most significant byte first. */
  words(high: number, low: number): void {
    this.#view.setInt32(this.length, high);
    this.#view.setInt32(this.length + 4, low);
    this.length += 8;
  }

  /** A `double`. Negative zero is written as zero, because comparisons treat them as equal. */
  double(value: number): void {
    this.length = this.bytes.writeDoubleLE(value === 0 ? 0 : value, this.length);
  }

  /** A `fixed32`. */
  fixed32(value: number): void {
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** A time as `fixed64`: Unix nanoseconds. @param nanos nanoseconds after the zero. */
  time(zero: UnixZero, nanos: number): void {
    const sum = zero.low + nanos;
    const words = Math.floor(sum / 0x1_0000_0000);
    const high = zero.high + words;
    if (high < 0) {
      this.fixed32(0);
      this.fixed32(0);
      return;
    }
    this.fixed32((sum - words * 0x1_0000_0000) >>> 0);
    this.fixed32(high);
  }

  /** A text's length and its bytes. Lone surrogates become U+FFFD. */
  text(text: string): void {
    const { length } = text;
    if (length > SHORT) {
      this.#longText(text);
      return;
    }
    this.reserve(3 * length + 16);
    // Without a length and an encoding to check, `write` takes a third fewer instructions.
    const written = this.bytes.write(text, this.length + 1);
    if (written > 127) {
      this.#longText(text);
      return;
    }
    this.bytes[this.length] = written;
    this.length += written + 1;
  }

  #longText(text: string): void {
    const length = Buffer.byteLength(text);
    this.reserve(length + 16);
    this.varint(length);
    this.length += this.bytes.write(text, this.length);
  }

  /** Begins a field with its length before it, for one that mostly has 128 bytes or more. @returns the argument of `close`. */
  open(): number {
    this.reserve(16);
    this.length += 2;
    return this.length;
  }

  /** Writes the length, in two bytes where that is enough; else the content is moved. */
  close(start: number): void {
    const length = this.length - start;
    if (length >= 0x4000) {
      this.#moveContent(start, length < 0x20_0000 ? 1 : 2);
      this.length = start - 2;
      this.varint(length);
      this.length += length;
    } else {
      this.bytes[start - 2] = (length & 127) | 128;
      this.bytes[start - 1] = length >>> 7;
    }
  }

  /** The same for a field that mostly has fewer than 128 bytes; one byte is reserved for its length. */
  closeShort(start: number): void {
    const length = this.length - start;
    if (length > 127) {
      this.#moveContent(start, varintLength(length) - 1);
      this.length = start - 1;
      this.varint(length);
      this.length += length;
    } else {
      this.bytes[start - 1] = length;
    }
  }

  #moveContent(start: number, by: number): void {
    this.reserve(16);
    this.bytes.copyWithin(start + by, start, this.length);
  }
}

/** How many bytes `varint` takes. */
function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** A time for `ByteWriter.time`. @param millis Unix milliseconds. */
export function unixZero(millis: number): UnixZero {
  const nanos = BigInt(Math.round(millis)) * 1_000_000n;
  return { high: Number(nanos >> 32n), low: Number(nanos & 0xffff_ffffn) };
}
