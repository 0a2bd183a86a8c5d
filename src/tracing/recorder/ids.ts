/**
 * Trace and span ids. Randomness is drawn in chunks, which one system call and one conversion to hex digits turn into
 * hundreds of ids. Every id comes from the system's generator, so the W3C random flag may be set on each.
 *
 * The ids of requests go into the log, so they are not parts of a longer text, which V8 writes as JSON in twice the time. Such parts
 * take a tenth to make, and are enough for the other spans.
 */
import { randomBytes } from 'node:crypto';

const CHUNK_BYTES = 8192;
const ZERO_TRACE_ID = '0'.repeat(32);

/** A trace id in words of 32 bits, as signed numbers, the most significant first. */
export type TraceWords = readonly [number, number, number, number];

export class IdGenerator {
  /** The words of the span id that was given last: its first and its last 32 bits, as signed numbers. */
  high = 0;
  low = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #digits = '';
  #digitBytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #length = 0;
  readonly #draw: (bytes: number) => Buffer;

  constructor(draw: (bytes: number) => Buffer = randomBytes) {
    this.#draw = draw;
  }

  /** 32 lower-case hex digits, never all zero. */
  traceId(): string {
    const at = this.#take(16);
    const id = this.#digitBytes.toString('latin1', 2 * at, 2 * at + 32);
    return id === ZERO_TRACE_ID ? this.traceId() : id;
  }

  /** Of the trace id that was given last, before anything else was. */
  traceWords(): TraceWords {
    const at = this.#at - 16;
    const view = this.#view;
    return [view.getInt32(at), view.getInt32(at + 4), view.getInt32(at + 8), view.getInt32(at + 12)];
  }

  /** Of a request: 16 lower-case hex digits, never all zero; also as `high` and `low`. */
  requestSpanId(): string {
    const at = this.#takeSpanId();
    return this.#digitBytes.toString('latin1', 2 * at, 2 * at + 16);
  }

  /** The same of a span below it. */
  spanId(): string {
    const at = this.#takeSpanId();
    return this.#digits.slice(2 * at, 2 * at + 16);
  }

  #takeSpanId(): number {
    const at = this.#take(8);
    this.high = this.#view.getInt32(at);
    this.low = this.#view.getInt32(at + 4);
    return this.high === 0 && this.low === 0 ? this.#takeSpanId() : at;
  }

  #take(count: number): number {
    if (this.#at + count > this.#length) {
      const bytes = this.#draw(CHUNK_BYTES);
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      this.#digits = bytes.toString('hex');
      this.#digitBytes = Buffer.from(this.#digits, 'latin1');
      this.#length = bytes.length;
      this.#at = 0;
    }
    this.#at += count;
    return this.#at - count;
  }
}

/** @param traceId 32 hex digits. */
export function wordsOf(traceId: string): TraceWords {
  const word = (at: number): number => Number.parseInt(traceId.slice(at, at + 8), 16) | 0;
  return [word(0), word(8), word(16), word(24)];
}
