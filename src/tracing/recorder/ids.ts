/**
 * Trace and span ids. Randomness is drawn in chunks, which one system call and one conversion to hex digits turn into
 * hundreds of ids. Every id comes from the system's generator, so the W3C random flag may be set on each.
 */
import { randomBytes } from 'node:crypto';

const CHUNK_BYTES = 8192;
const ZERO_TRACE_ID = '0'.repeat(32);
const ZERO_SPAN_ID = '0'.repeat(16);

export class IdGenerator {
  #pool = '';
  #at = 0;
  readonly #draw: (bytes: number) => Buffer;

  constructor(draw: (bytes: number) => Buffer = randomBytes) {
    this.#draw = draw;
  }

  /** 32 lower-case hex digits, never all zero. */
  traceId(): string {
    const id = this.#digits(32);
    return id === ZERO_TRACE_ID ? this.traceId() : id;
  }

  /** 16 lower-case hex digits, never all zero. */
  spanId(): string {
    const id = this.#digits(16);
    return id === ZERO_SPAN_ID ? this.spanId() : id;
  }

  #digits(count: number): string {
    if (this.#at + count > this.#pool.length) this.#refill();
    return this.#pool.slice(this.#at, (this.#at += count));
  }

  #refill(): void {
    this.#pool = this.#draw(CHUNK_BYTES).toString('hex');
    this.#at = 0;
  }
}
